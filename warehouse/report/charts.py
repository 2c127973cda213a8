"""Charts as plain SVG, drawn by Vega-Lite before the page is written: no script in the report, it prints and works offline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import vl_convert
from markupsafe import Markup

from warehouse.report.facts import Facts, Row
from warehouse.report.words import words_of

# Readable on white and on near-black (Okabe and Ito, for all kinds of colour vision).
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C8C8C"]
WIDTH, HEIGHT = 460, 180
WEEK_BAR, DAY_BAR = 26, 5  # width of a bar, pixels: eight weeks fit
MOST_TICKS = 10  # days that are few enough to be named each


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart. `svg` is markup of our own making; all texts in it are escaped by the renderer."""

    title: str
    svg: Markup


def draw_charts(facts: Facts) -> list[Chart]:
    """The charts of a report; a series without points has none."""
    words = words_of(facts.project.language)
    order = [row["name"] for row in facts.summary]
    series: list[tuple[str, list[Row], dict[str, Any], dict[str, Any]]] = [
        (
            "share_chart",
            facts.share_by_week,
            {"type": "bar", "size": WEEK_BAR},
            {"stack": "normalize", "axis": {"format": "%", "title": None}},
        ),
        ("posts_chart", facts.posts_by_day, {"type": "bar", "size": DAY_BAR}, {"axis": {"title": None, "tickMinStep": 1}}),
        ("followers_chart", facts.followers_by_day, _LINE, {"axis": {"title": None}, "scale": {"zero": False}}),
        ("rating_chart", facts.rating_by_week, _LINE, {"axis": {"title": None}, "scale": {"domain": [1, 5]}}),
        ("price_chart", facts.prices_by_day, {"type": "bar", "size": DAY_BAR}, {"axis": {"title": None, "tickMinStep": 1}}),
    ]
    return [
        Chart(words[name], Markup(_svg(rows, mark, axis, order, words[name], words["lang"])))  # noqa: S704  the renderer's own escaped output
        for name, rows, mark, axis in series
        if rows
    ]


_LINE = {"type": "line", "point": {"size": 24}, "strokeWidth": 2}


def _svg(rows: list[Row], mark: dict[str, Any], axis: dict[str, Any], order: list[str], title: str, language: str) -> str:
    values = [{"day": row["day"].isoformat(), "entity": row["entity"], "value": float(row["value"])} for row in rows]
    days = sorted({value["day"] for value in values})
    ticks = {"values": [{"expr": f"toDate('{day}')"} for day in days]} if len(days) <= MOST_TICKS else {}
    days_axis = {"title": None, "format": "%d.%m", "labelOverlap": True, **ticks}
    present = [name for name in order if any(value["entity"] == name for value in values)]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": title,
        "width": WIDTH,
        "height": HEIGHT,
        "background": None,
        "data": {"values": values},
        "mark": mark,
        "encoding": {
            "x": {"field": "day", "type": "temporal", "axis": days_axis, "scale": {"padding": mark.get("size", 0) / 2}},
            "y": {"field": "value", "type": "quantitative", "aggregate": "sum", **axis},
            "color": {
                "field": "entity",
                "type": "nominal",
                "scale": {"domain": present, "range": [COLOURS[order.index(name) % len(COLOURS)] for name in present]},
                "legend": {"title": None, "orient": "bottom", "columns": 2, "labelLimit": 200, "columnPadding": 24},
            },
        },
        "config": {
            "font": "system-ui, sans-serif",
            "axis": {"labelColor": "#808080", "gridColor": "#80808040", "domainColor": "#808080", "tickColor": "#808080"},
            "legend": {"labelColor": "#808080", "labelFontSize": 12},
            "view": {"stroke": None},
        },
    }
    locale: Literal["ru-RU", "en-US"] = "ru-RU" if language == "ru" else "en-US"
    return str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4", allowed_base_urls=[], format_locale=locale))
