"""Collect what is due: one DAG for each cadence that sources declare (hourly, nightly, weekly).

collect -> parse is mapped over sources, so that one that fails leaves the others going; then the new batches are announced to the
warehouse, whatever became of single sources; the last task fails when any source did, so that a run is red when it should be.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, dag, get_current_context, task, task_group

from dags.assets import BATCHES

SCHEDULES = {
    "hourly": "17 * * * *",
    "nightly": "10 1 * * *",
    "weekly": "40 3 * * 6",
}  # UTC; off the full hour, as a guest should be


def _monitor(cadence: str) -> DAG:
    @dag(
        dag_id=f"dozor_{cadence}",
        dag_display_name=f"dozor: {cadence} collection",
        schedule=SCHEDULES[cadence],
        catchup=False,
        max_active_runs=1,
        max_active_tasks=4,
        tags=["dozor", "collect"],
        doc_md=__doc__,
        params={
            "sources": Param(
                [], type="array", items={"type": "string"}, description="Only these sources; empty: all that are due"
            )
        },
        default_args={"retries": 2, "retry_delay": timedelta(minutes=2), "execution_timeout": timedelta(hours=6)},
    )
    def monitor() -> None:
        @task
        def begin() -> str:
            from dozor import steps

            steps.check_asking(get_current_context()["params"]["sources"])
            return steps.begin(cadence, run_id=steps.safe_run_id(get_current_context()["dag_run"].run_id))

        @task
        def due(run: str) -> list[str]:
            """What to collect: sources, or shards of a large one."""
            from dozor import steps

            return steps.due(cadence, run, only=get_current_context()["params"]["sources"])

        @task(map_index_template="{{ shard }}")
        def collect(run: str, shard: str) -> str:
            """Look at every watch of the source and archive what comes back."""
            from dags.credentials import from_connections
            from dozor import steps

            _name(shard)
            steps.collect(run, [shard], secrets=from_connections)
            return shard

        @task(map_index_template="{{ shard }}")
        def parse(run: str, shard: str) -> None:
            """Read records from what was archived, into batches."""
            from dozor import steps

            _name(shard)
            steps.parse(run, [shard])

        @task_group
        def source(run: str, shard: str) -> None:
            parse(run, collect(run, shard))

        @task(trigger_rule="all_done", outlets=[BATCHES])
        def announce() -> None:
            """Tell the warehouse that batches may wait; it asks the store which, and never counts on this event."""

        @task(trigger_rule="all_done", retries=0)
        def outcome(run: str) -> None:
            """Fail when any source failed: names each with what to do."""
            from dozor import steps

            steps.raise_for_failures(run)

        run = begin()
        collected = source.partial(run=run).expand(shard=due(run))
        announced = announce()
        collected >> announced >> outcome(run)

    return monitor()


def _name(shard: str) -> None:
    context: Any = get_current_context()
    context["shard"] = shard


for _cadence in SCHEDULES:
    globals()[f"dozor_{_cadence}"] = _monitor(_cadence)
