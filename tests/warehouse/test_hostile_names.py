"""Names that people and sites choose are values, never SQL; a home folder is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from tests.warehouse.nights import START, ask, capture, contents, offer, page, post, put, refresh
from warehouse.reference import set_reference
from warehouse.report import write_reports

NAMES = [
    "'; DROP TABLE core.page; --",
    '"; DELETE FROM obs.offer; --',
    "$1 ? :name {{ x }} %s {0}",
    "`id` $(id) \\'",
    "a' UNION SELECT * FROM ops.capture --",
    "[0-9]+(",
    "naïve NULL",
]


def test_a_name_is_a_value_wherever_it_stands(tmp_path: Path) -> None:
    reference: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("project", "entity", "watch", "watch_entity", "ignore_rule", "topic")
    }
    for number, name in enumerate(NAMES):
        of = {"project_id": f"p{number}"}
        reference["project"].append({**of, "title": name, "language": "en", "timezone": "UTC", "currency": "RUB"})
        reference["entity"].append({**of, "entity_id": "a", "name": name, "aliases": [name], "is_own": True})
        reference["watch"].append({"watch_id": f"w{number}", "source": "site", "target": name, "options": "{}"})
        reference["watch_entity"].append({**of, "entity_id": "a", "watch_id": f"w{number}", "role": "owned"})
        reference["ignore_rule"].append({**of, "watch_id": f"w{number}", "pattern": name})
        reference["topic"].append({**of, "topic_id": name, "title": name, "query": f'"{name}"', "entity_id": "a"})
    set_reference(tmp_path, reference)
    for day in (0, 1):
        seen = [
            (
                capture(f"c{day}-{number}", day, watch=f"w{number}"),
                [
                    page(f"page-{number}", f"{name} {day}", title=name),
                    offer(name, str(100 + day), url=f"https://shop.example/{number}"),
                    post(number, name, author=name),
                ],
            )
            for number, name in enumerate(NAMES)
        ]
        put(tmp_path, day, seen)
        refresh(tmp_path, day)
    before = contents(tmp_path / "warehouse.duckdb")

    assert ask(tmp_path, "SELECT title FROM core.page ORDER BY url") == [(name,) for name in NAMES]
    assert ask(tmp_path, "SELECT name FROM core.offer ORDER BY url") == [(name,) for name in NAMES]
    for name in NAMES:
        ask(tmp_path, "FROM price_history(?)", name)
        ask(tmp_path, "FROM growth_curve(?)", name)
        ask(tmp_path, "FROM what_changed(?, DATE '2026-11-01', DATE '2026-12-01')", name)
        ask(tmp_path, "FROM mentions(?, DATE '2026-11-01', DATE '2026-12-01')", name)
    reports = [path.read_text(encoding="utf-8") for path in write_reports(tmp_path, START + timedelta(days=1, hours=1))]
    assert [str(escape(name)) in report for name, report in zip(NAMES, reports, strict=True)] == [True] * len(NAMES)
    assert contents(tmp_path / "warehouse.duckdb") == before


@pytest.mark.parametrize("home", ["/nowhere/at/all", ""])
def test_no_home_folder_is_needed(home: str, store: Path) -> None:  # no extension is loaded, and none is looked for
    put(store, 0, [(capture("c0"), [page(), offer(), post()])])
    program = (
        "from pathlib import Path\nimport sys\nfrom tests.warehouse.nights import refresh\nfrom warehouse.query import connect\n"
        "store = Path(sys.argv[1])\nrefresh(store)\nprint(connect(store).execute('SELECT count(*) FROM core.page').fetchone())"
    )
    environment = {**os.environ, "HOME": home} if home else {k: v for k, v in os.environ.items() if k != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(store)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "(1,)\n"
