"""Sentiment by a transformer model of the user's, through onnxruntime (extra `dozor[onnx]`): slower, often better.

A model is a folder, as `optimum-cli export onnx --task text-classification` leaves it:

    model.onnx        inputs input_ids, attention_mask and maybe token_type_ids; output logits (texts, labels)
    tokenizer.json    of the `tokenizers` library
    config.json       `id2label`: labels that begin with neg, neu, pos in any case; `max_position_embeddings`

A model for pairs of texts is asked (text, target), which is how models for tone towards a target are trained; set
`"dozor_targets": "marked"` in config.json for one that expects the target between [TGT] and [/TGT] inside the text, or
"context" for one that knows no targets: it is given the sentence around.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from hashlib import file_digest, sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from transforms.mentions.sentiment import LABELS, Asked, Engine, Sentiment, Tone
from transforms.mentions.sentiment_features import Span

BATCH = 32
AROUND_CHARACTERS = 600  # seen on either side of a target

TargetForm = Literal["pair", "marked", "context"]

_SENTENCE_END = re.compile(r"[.!?…]\s")


class OnnxSentiment:
    """An engine on the model in `folder`. Raises ModelError when the folder is not what the module describes."""

    def __init__(self, folder: Path) -> None:
        config = _config(folder)
        import onnxruntime
        import tokenizers

        self._columns = _columns(config, folder)
        self._form = _target_form(config, folder)
        self._tokenizer = _loaded(tokenizers.Tokenizer.from_file, folder / "tokenizer.json")
        self._tokenizer.enable_truncation(min(512, int(config.get("max_position_embeddings", 512))))
        self._tokenizer.enable_padding()
        self._session = _loaded(partial(onnxruntime.InferenceSession, providers=["CPUExecutionProvider"]), folder / "model.onnx")
        self._inputs = {one.name for one in self._session.get_inputs()}
        width = self._session.get_outputs()[0].shape[-1]
        if isinstance(width, int) and width <= max(self._columns):
            raise ModelError(f"{folder}: id2label of config.json names more labels than the {width} that model.onnx gives")

    def of_all(self, asked: Iterable[Asked]) -> Iterator[list[Tone]]:
        """One tone for each target, in order; one for the whole text when there are none."""
        for one in asked:
            wanted = [self._put(one.text, target) for target in one.targets] or [one.text[: 2 * AROUND_CHARACTERS]]
            yield [tone for start in range(0, len(wanted), BATCH) for tone in self._tones(wanted[start : start + BATCH])]

    def _put(self, text: str, target: Span) -> str | tuple[str, str]:
        start, end = target
        before, name, after = (
            text[max(0, start - AROUND_CHARACTERS) : start],
            text[start:end],
            text[end : end + AROUND_CHARACTERS],
        )
        if self._form == "pair":
            return before + name + after, name
        if self._form == "marked":
            return f"{before}[TGT] {name} [/TGT]{after}"
        return _SENTENCE_END.split(before)[-1] + name + _SENTENCE_END.split(after)[0]

    def _tones(self, wanted: Sequence[str | tuple[str, str]]) -> list[Tone]:
        encoded = self._tokenizer.encode_batch(list(wanted))
        inputs = {
            "input_ids": np.array([one.ids for one in encoded], np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], np.int64),
            "token_type_ids": np.array([one.type_ids for one in encoded], np.int64),
        }
        logits = self._session.run(None, {name: values for name, values in inputs.items() if name in self._inputs})[0]
        chances = _chances(np.asarray(logits, np.float64), self._columns)
        return [Tone(LABELS[int(row.argmax())], round(float(row[2] - row[0]), 4), round(float(row.max()), 4)) for row in chances]


@lru_cache(maxsize=2)  # the default one and the model of now; one of before would only hold memory
def engine_of(folder: Path | None, version: str = "") -> Engine:  # noqa: ARG001  the version is a part of the key of the cache
    """The engine on the model in `folder`, the default one without a folder; made once a process, for each `version` anew."""
    return OnnxSentiment(folder) if folder else Sentiment()


def model_version(folder: Path) -> str:
    """The hash of all files that the model's answers come from. Raises ModelError as OnnxSentiment does, without loading it."""
    config = _config(folder)
    _columns(config, folder)
    _target_form(config, folder)
    seal = sha256()
    for path in (*sorted(folder.glob("model.onnx*")), folder / "tokenizer.json", folder / "config.json"):
        with path.open("rb") as file:
            seal.update(f"{path.name} {file_digest(file, 'sha256').hexdigest()}\n".encode())
    return seal.hexdigest()[:32]


class ModelError(ValueError):
    """A model folder that cannot be used; says what is wrong with it."""

    exit_code = 2  # a file to mend


def _config(folder: Path) -> dict[str, Any]:
    """What config.json says, once everything that the engine needs was seen to be there."""
    for package in ("onnxruntime", "tokenizers"):
        if find_spec(package) is None:
            raise ModelError(f'{package} is not installed; the model engine needs: pip install "dozor[onnx]"')
    for name in ("model.onnx", "tokenizer.json", "config.json"):
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: there is no {name}")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{folder / 'config.json'}: not readable as JSON: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{folder / 'config.json'}: expected an object, got {type(config).__name__}")
    return config


def _loaded(load: Callable[[str], Any], path: Path) -> Any:
    try:
        return load(str(path))
    except Exception as error:  # both libraries raise their own kinds, some of them Exception itself
        raise ModelError(f"{path}: not a file that can be loaded: {error}") from error


def _columns(config: dict[str, Any], folder: Path) -> tuple[int, int, int]:
    """Columns of the logits that are negative, neutral, positive."""
    found = {str(label).lower()[:3]: int(column) for column, label in config.get("id2label", {}).items()}
    if missing := [label for label in LABELS if label[:3] not in found]:
        raise ModelError(f"{folder / 'config.json'}: id2label names no {' and no '.join(missing)} label")
    return found["neg"], found["neu"], found["pos"]


def _target_form(config: dict[str, Any], folder: Path) -> TargetForm:
    form: TargetForm = config.get("dozor_targets", "pair")
    if form not in get_args(TargetForm):
        raise ModelError(
            f"{folder / 'config.json'}: dozor_targets is {form!r}, expected one of {', '.join(get_args(TargetForm))}"
        )
    return form


def _chances(logits: npt.NDArray[np.float64], columns: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    chosen = logits[:, columns]
    powers = np.exp(chosen - chosen.max(axis=1, keepdims=True))
    chances: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return chances
