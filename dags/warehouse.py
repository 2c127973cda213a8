"""Refresh the warehouse whenever new batches are announced: load what is pending, build, check, publish; then write the reports.

One refresh at a time. Which batches are pending is asked of the store, never of the event: events coalesce.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.sdk import dag, task

from dags.assets import BATCHES, WAREHOUSE


@dag(
    dag_id="dozor_warehouse",
    dag_display_name="dozor: warehouse and reports",
    schedule=[BATCHES],
    catchup=False,
    max_active_runs=1,
    tags=["dozor", "warehouse"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2), "execution_timeout": timedelta(hours=6)},
)
def warehouse() -> None:
    @task(outlets=[WAREHOUSE])
    def refresh() -> None:
        """Load, build, check and publish as one step: readers see the old warehouse or the new. The log names what is held."""
        from dozor import refreshing

        for line in str(refreshing.refresh()).splitlines():
            logging.getLogger(__name__).info(line)

    @task
    def report() -> list[str]:
        """One HTML file per project."""
        from dozor import refreshing

        return refreshing.report()

    refresh() >> report()


dozor_warehouse = warehouse()
