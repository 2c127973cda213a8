"""What people say of the tone of mentions: rows of labels.csv in the store; they win over the model and measure it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from getpass import getuser
from pathlib import Path

from collectors.archive import locked, replacing
from dozor.settings import Settings, load_settings
from dozor.steps import UsageError

COLUMNS = ("record_id", "topic_id", "sentiment", "said_by", "said_at")
SENTIMENTS = ("negative", "neutral", "positive")


def add_label(record_id: str, sentiment: str, topic_id: str = "", settings: Settings | None = None) -> str:
    """Note a word on one record, for one topic or for all that found it."""
    settings = settings or load_settings()
    count = _add(settings, [{"record_id": record_id, "topic_id": topic_id, "sentiment": sentiment}], "")
    return f"Noted {count} label; the next `dozor refresh` puts it into core.mention."


def add_labels(path: Path, settings: Settings | None = None) -> str:
    """Note the words of a CSV with the columns record_id, sentiment and optionally topic_id. UsageError names all wrong lines."""
    settings = settings or load_settings()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return f"Noted {_add(settings, rows, str(path))} labels; the next `dozor refresh` puts them into core.mention."


def read_labels(store: Path) -> list[dict[str, str]]:
    """All words, the last one where a record and topic has several; an empty topic_id stands for all topics."""
    path = store / "labels.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        latest = {(row["record_id"], row["topic_id"]): row for row in csv.DictReader(file)}
    return list(latest.values())


def _add(settings: Settings, rows: Iterable[dict[str, str]], where: str) -> int:
    now = settings.now()().isoformat()
    fresh, wrong = [], []
    for number, row in enumerate(rows, 2):
        place = f"{where}:{number}: " if where else ""
        record_id, sentiment = (row.get("record_id") or "").strip(), (row.get("sentiment") or "").strip().lower()
        if not re.fullmatch(r"[0-9a-f]{32}", record_id):
            wrong.append(f"{place}{record_id!r} is no record_id (32 hex digits, as core.mention has them)")
        elif sentiment not in SENTIMENTS:
            wrong.append(f"{place}sentiment {sentiment!r} is not {', '.join(SENTIMENTS)}")
        else:
            topic_id = (row.get("topic_id") or "").strip()
            fresh.append(
                {"record_id": record_id, "topic_id": topic_id, "sentiment": sentiment, "said_by": getuser(), "said_at": now}
            )
    if wrong:
        raise UsageError("\n".join(wrong))
    path = settings.store / "labels.csv"
    with locked(path.with_suffix(".lock")), replacing(path) as beside:
        before = path.read_text(encoding="utf-8") if path.exists() else ",".join(COLUMNS) + "\r\n"
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(before)
            csv.DictWriter(file, COLUMNS).writerows(fresh)
    return len(fresh)
