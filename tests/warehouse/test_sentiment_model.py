"""A model of the user's in place of the default engine: set in dozor.yml, asked by the nightly build and by `dozor sentiment`."""

from __future__ import annotations

import io
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.records import Publication
from collectors.watchlist import load_watchlist
from dozor import cli, refreshing
from dozor.settings import Settings
from tests.warehouse.nights import ask, capture, put

pytest.importorskip("onnxruntime", reason="the extra dozor[onnx] is not installed")
pytest.importorskip("tokenizers", reason="the extra dozor[onnx] is not installed")

MONDAY = datetime(2026, 10, 26, 9, tzinfo=UTC)
MODEL = Path(__file__).parents[1] / "fixtures" / "mentions" / "model"
LINES = "".join(json.dumps({"id": text, "text": text}) + "\n" for text in ("Good tea", "Bad tea"))
WATCHLIST = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    entities:
      - id: kettle
        name: Kettle
        watches:
          - site: https://kettle.example/
    topics:
      - id: shop
        title: Shop
        query: shop
"""


def installed(folder: Path, model: str = "") -> Path:
    (folder / "watchlist.yml").write_text(WATCHLIST, encoding="utf-8")
    (folder / "dozor.yml").write_text(f"store: store\n{model}", encoding="utf-8")
    return folder


def swapped(folder: Path) -> None:
    """Turns the model around: what was positive is negative."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["id2label"] = {"0": "POSITIVE", "1": "NEUTRAL", "2": "NEGATIVE"}
    path.write_text(json.dumps(config), encoding="utf-8")


def dozor(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr(sys, "argv", ["dozor", *words])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_all_mentions_are_judged_anew_when_a_model_is_set_changed_or_taken_away(tmp_path: Path) -> None:
    folder = installed(tmp_path)
    shutil.copytree(MODEL, folder / "model")
    plain = Settings(store=folder / "store", watchlist=folder / "watchlist.yml", workers=1)
    modelled = plain.model_copy(update={"sentiment_model": folder / "model"})
    (watch,) = (row["watch_id"] for row in load_watchlist(plain.watchlist).reference()["watch"])
    post = Publication(
        kind="post", native_id="1", url="https://kettle.example/1", published_at=MONDAY, text="good good shop", channel="kettle"
    )
    put(plain.store, 0, [(capture("c0", 0, watch=watch), [post])], kinds=(Publication,))

    def judged(settings: Settings) -> tuple[str, float]:
        refreshing.refresh(settings=settings)
        ((label, score),) = ask(settings.store, "SELECT sentiment, score FROM core.mention WHERE topic_id = 'shop'")
        return label, score

    default = judged(plain)
    by_model = judged(modelled)
    swapped(folder / "model")
    by_other = judged(modelled)

    assert by_model[0] == "positive"
    assert by_model[1] != default[1]
    assert by_other == ("negative", -by_model[1])
    assert judged(plain) == default


def test_the_same_model_judges_nothing_anew(tmp_path: Path) -> None:
    folder = installed(tmp_path)
    settings = Settings(store=folder / "store", watchlist=folder / "watchlist.yml", workers=1, sentiment_model=MODEL)
    refreshing.refresh(settings=settings)

    assert not refreshing.refresh(settings=settings).published.is_new


def test_a_wrong_folder_is_said_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(installed(tmp_path, "sentiment_model: models/none\n"))

    assert dozor(monkeypatch, "refresh") == 2
    said = " ".join(capfd.readouterr().err.split())
    assert "sentiment_model in dozor.yml" in said
    assert "there is no model.onnx" in said
    assert not list(tmp_path.rglob("*.duckdb"))


def test_dozor_sentiment_judges_by_the_model_it_is_given(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert dozor(monkeypatch, "sentiment", "--model", str(MODEL), typed=LINES) == 0

    answers = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(answer["id"], [tone["label"] for tone in answer["sentiments"]]) for answer in answers] == [
        ("Good tea", ["positive"]),
        ("Bad tea", ["negative"]),
    ]


def test_dozor_sentiment_names_what_a_wrong_folder_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert dozor(monkeypatch, "sentiment", "--model", str(tmp_path), typed=LINES) == 2

    assert "there is no model.onnx" in " ".join(capfd.readouterr().err.split())
