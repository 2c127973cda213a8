"""Ctrl-C and SIGTERM end a night within seconds, and what was archived by then stays. 147"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collectors import archive
from dozor import steps
from tests.pipeline.nights import Site, serving, settings_for
from tests.pipeline.test_nights import HOST, home, product

ROOT = Path(__file__).resolve().parents[2]
WATCHLIST = """
projects:
  - id: tea
    title: Tea
    entities:
      - id: samovar
        name: Samovar
        watches:
          - site: http://samovar.example:{port}/
          - page: http://slow.example:{port}/
"""
COLLECT = """
import sys
from pathlib import Path
from dozor import steps
from dozor.settings import Settings
settings = Settings.model_validate_json(Path(sys.argv[1]).read_text())
steps.collect("night", steps.due("manual", "night", settings=settings), settings=settings)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_ends_a_night_cleanly_and_keeps_what_was_archived(tmp_path: Path, sent: signal.Signals) -> None:
    site = Site()
    site.put(HOST, "/", home(*(f"/p/{n}" for n in range(120))))
    for n in range(120):
        site.put(HOST, f"/p/{n}", product(f"Samovar {n}", f"{100 + n}.00"))
    site.put("slow.example", "/", product("Slow", "1.00"))
    site.delays["slow.example"] = 60.0
    with serving(site):
        settings = settings_for(tmp_path, site, WATCHLIST, pace_seconds={"site": 0.01, "page": 0.0})
        steps.begin("manual", "night", settings=settings)
        (tmp_path / "settings.json").write_text(settings.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-c", COLLECT, str(tmp_path / "settings.json")]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 30
            while len(site.seen) < 25 and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(sent)
            ended_in = -time.monotonic()
            process.communicate(timeout=20)
            ended_in += time.monotonic()
        kept = {c.url for c in archive.read_captures(settings.store, "site")}
        asked = {path for host, path in site.seen if host == HOST and path.startswith("/p/")}
        site.delays.clear()
        steps.collect("night", ["site", "page"], settings=settings)

    assert ended_in < 10
    assert process.returncode in (-sent, 128 + sent, 1)
    assert len(asked) - 1 <= sum("/p/" in url for url in kept) < 120  # all but the one in flight
    captures = list(archive.read_captures(settings.store, "site"))
    assert len(captures) == len({c.fingerprint for c in captures})
    assert sum("/p/" in c.url for c in captures) == 120
