"""One self-contained HTML file per project and night, made from the published warehouse: no script, nothing loaded from outside.

reports/project=<id>/date=<day>.html
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from warehouse.files import replaced
from warehouse.query import connect
from warehouse.report import format as formats
from warehouse.report.charts import Chart, draw_charts
from warehouse.report.facts import Facts, gather, newest_sight, projects
from warehouse.report.words import words_of


def write_reports(store: Path, now: datetime) -> list[Path]:
    """Write the reports of all projects; returns their paths. Raises NothingPublished without a warehouse."""
    paths = []
    with connect(store) as connection:
        newest = newest_sight(connection) or now  # where clocks differ, nothing that is stored counts as of the future
        for project in projects(connection):
            day = now.astimezone(ZoneInfo(project.timezone)).date()
            facts = gather(connection, project, max(now, newest))
            path = store / "reports" / f"project={project.project_id}" / f"date={day.isoformat()}.html"
            with replaced(path) as temporary:
                temporary.write_text(render(facts, draw_charts(facts)), encoding="utf-8")
            paths.append(path)
    return paths


def render(facts: Facts, charts: list[Chart]) -> str:
    """The report as HTML. Everything fetched is escaped and set apart from the direction of the text around it."""
    environment = Environment(
        loader=PackageLoader("warehouse.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    zone = ZoneInfo(facts.project.timezone)
    environment.filters |= {
        "number": formats.number(facts.project.language),
        "money": formats.money(facts.project.language),
        "share": formats.share,
        "signed": formats.signed_share(facts.project.language),
        "moment": lambda value: formats.moment(value, zone),
        "web": formats.web_address,
        "address": formats.address,
        "differences": formats.differences,
        "cut": formats.cut,
    }
    return environment.get_template("report.html.j2").render(f=facts, t=words_of(facts.project.language), charts=charts)
