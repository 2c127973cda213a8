"""Words of people on the tone of mentions: noted as they come, the last one holds, a wrong line stops the file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dozor.labels import LabelError, add_label, add_labels, read_labels
from dozor.settings import Settings

ONE, OTHER = "0" * 32, "f" * 32


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store = tmp_path / "store"
    store.mkdir()
    return Settings(store=store, clock=datetime(2026, 11, 1, tzinfo=UTC))


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "words.csv"
    path.write_bytes(text.encode(encoding))
    return path


def said(settings: Settings) -> list[tuple[str, str, str]]:
    return [(row["record_id"], row["topic_id"], row["sentiment"]) for row in read_labels(settings.store)]


def test_the_last_word_on_a_record_and_topic_holds(settings: Settings) -> None:
    add_label(ONE, "negative", settings=settings)
    add_label(ONE, "positive", "tea", settings=settings)
    add_label(ONE, "Neutral", settings=settings)

    assert sorted(said(settings)) == [(ONE, "", "neutral"), (ONE, "tea", "positive")]
    assert {row["said_at"][:10] for row in read_labels(settings.store)} == {"2026-11-01"}


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_file_is_read_as_spreadsheets_write_it(settings: Settings, tmp_path: Path, between: str) -> None:
    rows = (("note", "sentiment", "record_id"), ("a, b; c", "Positive", ONE), ("", " negative ", OTHER))
    lines = [between.join(f'"{value}"' for value in row) for row in rows]
    answer = add_labels(written(tmp_path, "\r\n".join(lines), "utf-8-sig"), settings)

    assert said(settings) == [(ONE, "", "positive"), (OTHER, "", "negative")]
    assert "2 words" in answer


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"record_id,sentiment\n{ONE},positive\nxx,negative\n{ONE},bad\n", "csv:3: 'xx' is no record_id"),
        (f"record_id,sentiment\n{ONE},positive\n{ONE},bad\n", "csv:3: sentiment 'bad' is not negative, neutral, positive"),
        (f"record,sentiment\n{ONE},positive\n", "csv:1: there is no column record_id"),
        ("", "csv:1: there is no column record_id and no column sentiment"),
        ("record_id,sentiment,заметка\n", "not UTF-8"),
    ],
)
def test_a_file_with_a_wrong_line_is_noted_in_no_part(settings: Settings, tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(LabelError, match="csv") as raised:
        add_labels(written(tmp_path, text, "cp1251"), settings)

    assert problem in str(raised.value)
    assert said(settings) == []


def test_a_word_on_the_command_line_is_checked_as_one_in_a_file(settings: Settings) -> None:
    with pytest.raises(LabelError, match=r"^'12' is no record_id"):
        add_label("12", "positive", settings=settings)
