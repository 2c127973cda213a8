"""What people say of the tone of mentions: rows of labels.csv in the store; they win over the model and measure it."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from getpass import getuser
from pathlib import Path

from collectors.archive import locked, replacing
from dozor.settings import Settings, load_settings

COLUMNS = ("record_id", "topic_id", "sentiment", "said_by", "said_at")
SENTIMENTS = ("negative", "neutral", "positive")


class LabelError(ValueError):
    """Words on the tone that cannot be noted; names every one."""

    exit_code = 2  # a file to mend


def add_label(record_id: str, sentiment: str, topic_id: str = "", settings: Settings | None = None) -> str:
    """Note a word on one record, for one topic or for all that found it."""
    row = {"record_id": record_id, "topic_id": topic_id, "sentiment": sentiment}
    if wrong := _wrong(row):
        raise LabelError(wrong)
    return _add(settings or load_settings(), [row])


def add_labels(path: Path, settings: Settings | None = None) -> str:
    """Note the words of a CSV with the columns record_id, sentiment and optionally topic_id, between commas, semicolons or tabs.
    LabelError names every wrong line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=header.count))
            columns = reader.fieldnames or ()
            rows = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not UTF-8; save it as CSV in UTF-8") from error
    if missing := [name for name in ("record_id", "sentiment") if name not in columns]:
        raise LabelError(f"{path}:1: there is no column {' and no column '.join(missing)}")
    if wrong := [f"{path}:{number}: {problem}" for number, row in rows if (problem := _wrong(row))]:
        raise LabelError("\n".join(wrong))
    return _add(settings or load_settings(), [row for _, row in rows])


def read_labels(store: Path) -> list[dict[str, str]]:
    """All words, the last one where a record and topic has several; an empty topic_id stands for all topics."""
    path = store / "labels.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        latest = {(row["record_id"], row["topic_id"]): row for row in csv.DictReader(file)}
    return list(latest.values())


def _wrong(row: Mapping[str, str | None]) -> str:
    """What is wrong with a word; empty when nothing is."""
    record_id, sentiment = _value(row, "record_id"), _value(row, "sentiment").lower()
    if not re.fullmatch(r"[0-9a-f]{32}", record_id):
        return f"{record_id!r} is no record_id (32 hex digits, as core.mention has them)"
    return "" if sentiment in SENTIMENTS else f"sentiment {sentiment!r} is not {', '.join(SENTIMENTS)}"


def _value(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _add(settings: Settings, rows: Sequence[Mapping[str, str | None]]) -> str:
    said = {"said_by": _user(), "said_at": settings.now()().isoformat()}
    path = settings.store / "labels.csv"
    with locked(path.with_suffix(".lock")), replacing(path) as beside:
        before = path.read_text(encoding="utf-8") if path.exists() else ",".join(COLUMNS) + "\r\n"
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(before)
            for row in rows:
                word = {"record_id": _value(row, "record_id"), "topic_id": _value(row, "topic_id")}
                csv.DictWriter(file, COLUMNS).writerow({**word, "sentiment": _value(row, "sentiment").lower(), **said})
    words = "1 word" if len(rows) == 1 else f"{len(rows)} words"
    return f"Noted {words} on the tone; the next `dozor refresh` puts what was said into core.mention."


def _user() -> str:
    """Who is at work; a container's user may have a number only."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())
