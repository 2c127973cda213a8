"""The demo: four weeks over an invented market, and three questions answered from what was seen."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()
console = Console()

QUESTIONS = (
    (
        "Whose prices moved in the last seven days, and how?",
        """SELECT entity_id AS brand, name AS product, previous_price_amount AS was, price_amount AS is_now, currency,
       round(100 * price_change, 1) AS per_cent, changed_date AS day
FROM mart.price_change
WHERE project_id = 'severny' AND changed_date > DATE '{day}' - 7 AND price_change <> 0
ORDER BY day DESC, abs(per_cent) DESC, product LIMIT 8""",
    ),
    (
        "Who is talked about, in four weeks?",
        """SELECT entity_id AS brand, mention_count AS mentions, round(100 * mention_share, 1) AS share_per_cent,
       earned_mention_count AS said_by_others
FROM share_of_voice('severny', DATE '{day}' - 28, DATE '{day}' + 1)""",
    ),
    (
        "Which posts worked best this week?",
        """SELECT entity_id AS brand, left(headline, 60) AS post, reaction_count AS reactions, view_count AS views
FROM top_publications('severny', DATE '{day}' - 7, DATE '{day}' + 1)
WHERE role = 'owned' LIMIT 5""",
    ),
)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where to play; a demo played there before is replaced.")] = Path(".demo"),
    airflow: Annotated[
        bool, typer.Option("--airflow", help="Play the last night in Airflow: its scheduler, the real DAGs.")
    ] = False,
    nights: Annotated[int, typer.Option(min=2, help="How many nights.")] = 28,
    day: Annotated[str, typer.Option(help="The last night, YYYY-MM-DD; default: last night.")] = "",
) -> None:
    """Play four weeks of nights over an invented market of four tea shops, served from this machine.

    Nothing in it exists and nothing leaves this machine; collecting, archive, warehouse and report are the real ones.
    """
    from dozor.demo.play import night_in_airflow, play
    from dozor.steps import day_of

    logging.getLogger("collectors.fetch").setLevel(logging.ERROR)  # loopback is allowed on purpose here, each night
    last = day_of(day, datetime.now(UTC).date() - timedelta(days=1), "--day")
    console.print(
        f"A demo: {nights} nights up to {last} over an invented market (four shops, two outlets, a messenger, an app store, an "
        "ad library), served from this machine. The shops do not exist; everything else is the real thing."
    )
    played = play(folder, last, nights=nights, say=_say, last_night=night_in_airflow if airflow else None)
    _ask(played.settings.store, last)
    console.print(f"Warehouse: {played.settings.store / 'warehouse.duckdb'}", soft_wrap=True)
    for path in played.reports:
        console.print(f"Report:    {path}", soft_wrap=True)
    console.print(f"Ask more:  DOZOR_CONFIG={played.folder / 'dozor.yml'} dozor sql", soft_wrap=True)


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _ask(store: Path, day: date) -> None:
    from dozor.showing import answer_table
    from warehouse.query import connect, rows

    with connect(store) as connection:
        for question, sql in QUESTIONS:
            names, found = rows(connection, sql.format(day=day))
            console.print(answer_table(names, found, title=question))
