"""Fill in the past, on demand: read the archive again, ask sources for a period, or read web archive (WARC) files.

Only sources that can answer for the past are asked; the others are named in the log. Nothing of today is filed under an old day.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import Param, dag, get_current_context, task

from dags.assets import BATCHES


@dag(
    dag_id="dozor_backfill",
    dag_display_name="dozor: backfill",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["dozor", "backfill"],
    doc_md=__doc__,
    params={
        "mode": Param(
            "reparse",
            enum=["reparse", "past", "warc"],
            description="reparse the archive, ask sources for the past, or read WARC files",
        ),
        "since": Param(None, type=["null", "string"], format="date", description="First day"),
        "until": Param(None, type=["null", "string"], format="date", description="Day after the last"),
        "sources": Param([], type="array", items={"type": "string"}, description="Only these sources; empty: all"),
        "files": Param([], type="array", items={"type": "string"}, description="WARC files, for mode warc"),
    },
    default_args={"retries": 1, "retry_delay": timedelta(minutes=2), "execution_timeout": timedelta(hours=12)},
)
def backfill() -> None:
    @task
    def begin() -> str:
        from dozor import backfilling, steps

        params = get_current_context()["params"]
        backfilling.check_words(
            params["mode"],
            since=params["since"] or "",
            until=params["until"] or "",
            only=params["sources"],
            files=params["files"],
        )
        return steps.begin("backfill", run_id=steps.safe_run_id(get_current_context()["dag_run"].run_id))

    @task(outlets=[BATCHES])
    def fill(run: str) -> None:
        """Do it, and say in the log what was done and who could not answer."""
        from dags.credentials import from_connections
        from dozor import backfilling

        params = get_current_context()["params"]
        lines = backfilling.backfill(
            run,
            params["mode"],
            since=params["since"] or "",
            until=params["until"] or "",
            only=params["sources"],
            files=params["files"],
            secrets=from_connections,
        )
        for line in lines:
            logging.getLogger(__name__).info(line)

    @task(retries=0)
    def outcome(run: str) -> None:
        """Fail when any source failed: names each with what to do. Where the filling itself failed, so has the run."""
        from dozor import steps

        steps.raise_for_failures(run)

    run = begin()
    fill(run) >> outcome(run)


dozor_backfill = backfill()
