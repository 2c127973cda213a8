"""The models: core_*.sql and mart_*.sql, one statement each, or core_*.py where SQL cannot do it.

A model opens with a header of comment lines (SQL) or its module docstring (Python):

    about: what a row is, in one line
    grain: columns that together are unique and never null
    needs: relations it reads, schema.name, comma-separated
    by:    KEY, ... from RELATION, ...    optional: the columns by which it can be rebuilt in part. The changed rows of
           the relations tell which keys to rebuild, and the statement sees only their rows of these keys; other needs it
           sees whole
    also:  KEY, ... from RELATION          optional: a second set of columns by which it can be rebuilt in part, each on its own
    touch RELATION: SELECT of keys from `touched`, the changed rows of another need    where those tell keys too
    rows RELATION: SELECT of record_id from `keys`    where the relation calls the records of a key by other ids
    beside RELATION: COLUMN from RELATION, ...    of a need that tells no keys the statement sees only the rows whose COLUMN is
           among those of the keys' rows of these relations
    kind:  view                           optional: nothing is stored; of one need, row by row: its changes are the view's
    column NAME: meaning                  for each column that no observation table and no need describes
    note: anything a reader must know

What many of them say, the record as last seen and its history, `transforms.looks` states once: latest(obs.ad), history(obs.offer:
price_amount, currency).

A Python model is a module with `SCHEMA`, a pyarrow schema of what it returns, `QUERY`, the SELECT that gives its input, and
optionally `VERSION`, changed when it would answer otherwise. It answers in one of two ways:

    rows(table, small)      a pure function from some rows of QUERY, and of the small tables of `SMALL` (name -> SELECT), to rows
                            of SCHEMA; called in spawned processes, with any split of the rows. With `prepare(small)`, what
                            that makes of the small tables is given in their place; it is made once and kept (pickled) until
                            they, VERSION or the code of the package named by `MADE_BY` change
    merge(given, known)     where rows depend on each other: from the rows of QUERY of the keys, and the model's own rows that
                            they may affect (`KNOWN`, statements over the tables `keys` and `given`, the last one a SELECT of
                            these rows; known() gives them in parts, as often as it is called, the first of which may be
                            empty), to the rows that are new or other than before; and whole(chunks), all rows from chunks of
                            QUERY in the order of `ORDER`
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from itertools import takewhile
from types import ModuleType

from transforms.looks import expanded, meanings

_LINE = re.compile(
    r"^(?:-- )?(?P<key>about|grain|needs|by|also|kind|note|column \w+|(?:touch|rows|beside) [\w.]+):\s*(?P<value>.*)$"
)
_NEXT = re.compile(r"^(?:-- )? {2,}(?P<value>\S.*)$")


@dataclass(frozen=True, slots=True)
class Model:
    """A derived table: how it is made and what it means."""

    name: str  # schema.table
    about: str
    grain: tuple[str, ...]
    needs: tuple[str, ...]
    sql: str  # one SELECT; of a Python model, that of its input
    module: ModuleType | None = None
    by: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    also_by: tuple[str, ...] = ()
    also_drivers: tuple[str, ...] = ()
    touches: Mapping[str, str] = field(default_factory=dict)  # need -> SELECT of keys from `touched`
    rows: Mapping[str, str] = field(default_factory=dict)  # need -> SELECT of record_id from `keys`
    beside: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # need -> (column, relations)
    is_view: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]


@cache
def models() -> tuple[Model, ...]:
    """All models, each after those it needs. ValueError for a header that lacks something, CycleError for a circle."""
    found = {model.name: model for model in _discover()}
    order = TopologicalSorter(
        {name: sorted(need for need in model.needs if need in found) for name, model in sorted(found.items())}
    )
    return tuple(found[name] for name in order.static_order())


@cache
def macros() -> Mapping[str, str]:
    """Table macros: name -> CREATE MACRO statement, with its header."""
    folder = files("transforms") / "macros"
    return {
        entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    }


def read_header(text: str, name: str) -> dict[str, str]:
    """The header's lines by key; a line that starts further in goes on with the one before."""
    header: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if match := _LINE.match(line):
            key = match["key"]
            header[key] = match["value"].strip()
        elif (match := _NEXT.match(line)) and key:
            header[key] += " " + match["value"].strip()
    if missing := {"about", "grain", "needs"} - set(header):
        raise ValueError(f"model {name}: the header lacks {', '.join(sorted(missing))}")
    return header


def _discover() -> Iterator[Model]:
    for entry in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        stem, _, suffix = entry.name.rpartition(".")
        if not stem.startswith(("core_", "mart_")):
            continue
        name = stem.replace("_", ".", 1)
        if suffix == "sql":
            text = entry.read_text(encoding="utf-8")
            head = "\n".join(takewhile(lambda line: line.startswith("--"), text.splitlines()))
            yield _model(name, text.removeprefix(head).strip(), read_header(head, name), None)
        elif suffix == "py":
            module = importlib.import_module(f"{__name__}.{stem}")
            yield _model(name, module.QUERY, read_header(module.__doc__ or "", name), module)


def _model(name: str, sql: str, header: Mapping[str, str], module: ModuleType | None) -> Model:
    keys, _, drivers = header.get("by", "").partition(" from ")
    also_keys, _, also_drivers = header.get("also", "").partition(" from ")
    return Model(
        name=name,
        about=header["about"],
        grain=_names(header["grain"]),
        needs=_names(header["needs"]),
        sql=expanded(sql),
        module=module,
        by=_names(keys),
        drivers=_names(drivers),
        also_by=_names(also_keys),
        also_drivers=_names(also_drivers),
        touches={key.removeprefix("touch "): value for key, value in header.items() if key.startswith("touch ")},
        rows={key.removeprefix("rows "): value for key, value in header.items() if key.startswith("rows ")},
        beside={key.removeprefix("beside "): _beside(value) for key, value in header.items() if key.startswith("beside ")},
        is_view=header.get("kind") == "view",
        columns={
            **meanings(sql),
            **{key.removeprefix("column "): value for key, value in header.items() if key.startswith("column ")},
        },
        note=header.get("note", ""),
    )


def _beside(text: str) -> tuple[str, tuple[str, ...]]:
    column, _, relations = text.partition(" from ")
    return column.strip(), _names(relations)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
