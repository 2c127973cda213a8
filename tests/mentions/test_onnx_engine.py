"""The model in the fixtures adds up a table of logits over the words: "good" is positive, "bad" is negative, in two languages."""

import json
import shutil
from pathlib import Path

import pytest

from transforms.mentions import onnx_engine
from transforms.mentions.onnx_engine import ModelError, OnnxSentiment, model_version
from transforms.mentions.sentiment import Asked

pytest.importorskip("onnxruntime", reason="the extra dozor[onnx] is not installed")
pytest.importorskip("tokenizers", reason="the extra dozor[onnx] is not installed")

MODEL = Path(__file__).parents[1] / "fixtures" / "mentions" / "model"


def labels(folder, *asked):
    return [[tone.label for tone in tones] for tones in OnnxSentiment(folder).of_all(asked)]


def model_with(tmp_path, **config):
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    described = json.loads((folder / "config.json").read_text(encoding="utf-8")) | config
    (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def test_a_whole_text_gets_one_tone():
    assert labels(MODEL, Asked("Good tea"), Asked("Плохой чай"), Asked("the shop")) == [["positive"], ["negative"], ["neutral"]]


def test_each_target_is_asked_about_in_turn(tmp_path):
    text = "The tea was good. The shop was bad."
    asked = Asked(text, [(4, 7), (22, 26)])

    assert labels(model_with(tmp_path, dozor_targets="context"), asked) == [["positive", "negative"]]


def test_score_and_confidence_come_from_the_chances_of_the_labels():
    ((tone,),) = OnnxSentiment(MODEL).of_all([Asked("good")])

    assert 0 < tone.score < tone.confidence < 1


def test_a_long_text_is_cut_to_what_the_model_can_read():
    assert labels(MODEL, Asked("tea " * 100_000, [(200_000, 200_003)])) == [["neutral"]]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        pytest.param(
            {"id2label": {"0": "LABEL_0"}}, "names no negative and no neutral and no positive label", id="labels without names"
        ),
        pytest.param(
            {"id2label": {"0": "negative", "1": "neutral", "9": "positive"}}, "names more labels than the 3", id="labels too many"
        ),
        pytest.param({"dozor_targets": "bold"}, "expected one of pair, marked, context", id="unknown way to show the target"),
    ],
)
def test_a_model_that_does_not_say_what_it_means_is_refused(tmp_path, config, problem):
    with pytest.raises(ModelError, match=problem):
        OnnxSentiment(model_with(tmp_path, **config))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"there is no model\.onnx"):
        OnnxSentiment(tmp_path)


@pytest.mark.parametrize("text", [pytest.param("{", id="cut off"), pytest.param("[]", id="a list")])
def test_a_config_that_is_no_object_is_refused(tmp_path, text):
    folder = model_with(tmp_path)
    (folder / "config.json").write_text(text, encoding="utf-8")

    with pytest.raises(ModelError, match=r"config\.json: (not readable as JSON|expected an object)"):
        model_version(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_that_was_cut_off_is_named(tmp_path, name):
    folder = model_with(tmp_path)
    (folder / name).write_bytes((MODEL / name).read_bytes()[:40])

    with pytest.raises(ModelError, match=rf"{name}: not a file that can be loaded: "):
        OnnxSentiment(folder)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(onnx_engine, "find_spec", {"tokenizers": "found"}.get)

    for use in (OnnxSentiment, model_version):
        with pytest.raises(ModelError, match=r'onnxruntime is not installed.*pip install "dozor\[onnx\]"'):
            use(MODEL)


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx_data", "tokenizer.json", "config.json"])
def test_a_model_with_another_file_has_another_version(tmp_path, name):
    folder = model_with(tmp_path)
    (folder / "model.onnx_data").write_bytes(b"weights")
    before = model_version(folder)
    with (folder / name).open("ab") as file:
        file.write(b" ")

    assert model_version(folder) != before


def test_a_model_has_the_same_version_in_another_place(tmp_path):
    shutil.copytree(MODEL, tmp_path / "moved")

    assert model_version(tmp_path / "moved") == model_version(MODEL)
