"""What Airflow adds to a night: the demo's second night by `dozor run`, and the same night by the nightly and warehouse DAGs.

    python -m benchmarks.airflow_overhead

Two figures: seconds from the start of the nightly DAG to the published warehouse and report, with Airflow up already, less those
of `dozor run`; and how long Airflow itself takes to come up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dozor import airflow
from dozor.demo.play import play

NIGHTLY, WAREHOUSE = "dozor_nightly", "dozor_warehouse"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    plain = _seconds(_by_command)
    scheduled = _seconds(_by_airflow)
    print(f"{'dozor run':<40}{plain['night']:>8.1f} s")
    print(f"{'nightly DAG, then warehouse DAG':<40}{scheduled['night']:>8.1f} s")
    print(f"{'overhead of the DAGs':<40}{scheduled['night'] - plain['night']:>8.1f} s")
    print(f"{'Airflow coming up (once)':<40}{scheduled['start']:>8.1f} s")


def _seconds(night: Callable[[Path, dict[str, float]], None]) -> dict[str, float]:
    """Plays two nights of the demo; the second is timed."""
    timed: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        day = datetime.now(UTC).date() - timedelta(days=1)
        play(Path(folder) / "demo", day, nights=2, say=lambda _: None, last_night=lambda config: night(config, timed))
    return timed


def _by_command(config: Path, timed: dict[str, float]) -> None:
    started = time.perf_counter()
    command = [str(Path(sys.executable).parent / "dozor"), "run", "--cadence", "nightly"]
    subprocess.run(command, env={**os.environ, "DOZOR_CONFIG": str(config)}, check=True, stdout=subprocess.DEVNULL)
    timed["night"] = time.perf_counter() - started


def _by_airflow(config: Path, timed: dict[str, float]) -> None:
    started = time.perf_counter()
    home = airflow.install(config.parent / "airflow", config)
    with home.standalone(), home.api() as api:
        airflow.wait_for_dags(api, (WAREHOUSE, NIGHTLY))
        timed["start"] = time.perf_counter() - started
        airflow.switch_on(api, WAREHOUSE)
        airflow.switch_on(api, NIGHTLY)
        started = time.perf_counter()
        states = airflow.wait_for_run(api, NIGHTLY, airflow.begin_run(api, NIGHTLY)), airflow.wait_for_run(api, WAREHOUSE)
        timed["night"] = time.perf_counter() - started
    if states != ("success", "success"):
        raise SystemExit(f"{NIGHTLY}: {states[0]}, {WAREHOUSE}: {states[1]}")


if __name__ == "__main__":
    main()
