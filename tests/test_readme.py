"""What the README shows is what comes out: its questions over the demo, and its lines of commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from tests.pipeline.nights import FIRST_NIGHT
from warehouse.build import build

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUESTION = re.compile(
    r"^\*\*\d\. (?P<words>.+?)\*\*\n\n```sql\n(?P<sql>.+?)```\n\n(?P<table>(?:\|[^\n]*\n)+)", re.MULTILINE | re.DOTALL
)
CAPTURE = "cap_…"  # ids of captures differ with every run


class Question(NamedTuple):
    words: str
    sql: str
    names: list[str]
    rows: list[list[str]]


def questions() -> Iterator[Question]:
    for found in QUESTION.finditer(README):
        names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in found["table"].splitlines())
        yield Question(found["words"], found["sql"], names, rows)


def shown(value: Any) -> str:
    """A value as the README's tables print it."""
    if isinstance(value, str) and value.startswith("cap_"):
        return CAPTURE
    return f"{float(value):.6g}" if isinstance(value, (int, float, Decimal)) else str(value).strip()


def answered(path: Path, sql: str) -> tuple[list[str], list[list[str]]]:
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        answer = connection.execute(sql)
        return [column[0] for column in answer.description or []], [[*map(shown, row)] for row in answer.fetchall()]


def test_the_questions_have_the_columns_that_are_printed(tmp_path: Path) -> None:
    build(tmp_path, now=FIRST_NIGHT)
    (path,) = tmp_path.glob("work/*.duckdb")
    asked = list(questions())

    assert len(asked) == 5
    assert {one.words: answered(path, one.sql)[0] for one in asked} == {one.words: one.names for one in asked}


@pytest.mark.slow
def test_the_answers_are_those_of_the_demo(tmp_path: Path) -> None:
    from dozor.demo.play import play

    (day,) = re.findall(r"`dozor demo --day (\S+)`", README)
    played = play(tmp_path / "demo", date.fromisoformat(day), say=lambda _: None)

    found = {one.words: answered(played.settings.store / "warehouse.duckdb", one.sql)[1] for one in questions()}
    assert found == {one.words: one.rows for one in questions()}


def test_lines_are_matched_as_is_shown() -> None:
    """The sample of `dozor match`, word for word; the last digits of a model's figures differ between processors."""
    text, words, answer = re.findall(r"^\$ echo '(.+)' \| dozor match (--query '.+')\n(\{.+\})$", README, re.MULTILINE)[0]
    option, query = words.split(" ", 1)
    command = [str(Path(sys.executable).with_name("dozor")), "match", option, query.strip("'")]
    found = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=120)

    printed = json.loads(answer)
    for mention in printed["mentions"]:
        mention |= {name: pytest.approx(mention[name], abs=0.001) for name in ("score", "confidence")}
    assert json.loads(found.stdout) == printed
