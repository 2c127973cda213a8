"""The observation tables, defined once: from the record kinds to columns, types, keys, grain and meaning.

One table a record kind, one row per record and capture. The definition serves the Arrow schema of batches, the DDL and comments
in DuckDB, the structural checks and the data dictionary.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from collectors.records import KINDS, Counters

TABLE_VERSION = 2  # raised whenever the same records become different rows; part of every row's version

MONEY = pa.decimal128(18, 4)
UTC_TIME = pa.timestamp("us", tz="UTC")

Form = Literal["string", "integer", "float", "boolean", "money", "time", "date", "list", "json"]

ARROW: Mapping[Form, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "money": MONEY,
    "time": UTC_TIME,
    "date": pa.date32(),
    "list": pa.list_(pa.string()),
    "json": pa.string(),
}

# What two-letter words a counter's column is called by: `likes` becomes `like_count`.
COUNTER_COLUMNS = {
    "likes": "like_count",
    "dislikes": "dislike_count",
    "comments": "comment_count",
    "shares": "share_count",
    "views": "view_count",
    "saves": "save_count",
    "reactions": "reaction_types",
    "is_rounded": "is_counter_rounded",
}

# A record's own field that is called like a column dozor adds.
RENAMED = {("app", "version"): "app_version"}

# Texts that a record repeats at every sighting: stored once in obs.text, by hash.
SHARED_TEXTS = {"page": "text", "publication": "text", "review": "text", "job": "text"}

# Columns of few words whose mix says what a source speaks of: a shop does not change its currency overnight.
MIXED = ("currency", "lang")

# People who speak in their own name. Channels and outlets are published as such and stay.
PERSONAL = {"publication": ("author", "author_url"), "review": ("author", "author_url")}


class Column(NamedTuple):
    """A column of an observation table."""

    name: str
    form: Form
    meaning: str
    path: tuple[str, ...]  # attribute of the record it comes from; empty: added by dozor
    is_personal: bool = False

    @property
    def arrow(self) -> pa.DataType:
        return ARROW[self.form]


class Table(NamedTuple):
    """An observation table: one row per record and capture."""

    name: str
    kind: type
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("record_id", "capture_id")

    @property
    def schema(self) -> pa.Schema:
        """The schema of a batch file; the same columns in the same order stand in DuckDB, shared texts and the date aside."""
        return pa.schema([pa.field(c.name, c.arrow, nullable=c.name not in REQUIRED) for c in self.columns])

    @property
    def text_column(self) -> str | None:
        return SHARED_TEXTS.get(self.name)

    def empty(self) -> pa.Table:
        return self.schema.empty_table()


ADDED = (
    Column("record_id", "string", "id of the thing observed: hash of table, source and identity", ()),
    Column("capture_id", "string", "the capture it was read from (ops.capture)", ()),
    Column("watch_id", "string", "the watch it was found through (ref.watch)", ()),
    Column("source", "string", "name of the source", ()),
    Column("origin", "string", "live, or the archive of the past the capture came from", ()),
    Column("version", "string", "version of source, reading and table that read it", ()),
    Column("fetched_at", "time", "when dozor asked", ()),
    Column("observed_at", "time", "when it was so: fetched_at, but for captures of the past", ()),
)
REQUIRED = frozenset(column.name for column in ADDED)


def table_name(kind: type) -> str:
    """`SearchResult` is kept in `search_result`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


@cache
def table_of(kind: type) -> Table:
    """The table of a record kind; TypeError for a class that is none."""
    if kind not in KINDS:
        raise TypeError(f"{kind.__name__} is not a record kind")
    name = table_name(kind)
    own: list[Column] = []
    for attribute, meaning, hint in _fields(kind):
        if hint is Counters:
            own.extend(
                Column(COUNTER_COLUMNS[part], _form(part, part_hint), part_meaning, (attribute, part))
                for part, part_meaning, part_hint in _fields(Counters)
            )
            continue
        column = RENAMED.get((name, attribute), attribute)
        own.append(Column(column, _form(attribute, hint), meaning, (attribute,), attribute in PERSONAL.get(name, ())))
        if SHARED_TEXTS.get(name) == attribute:
            own.append(Column("text_hash", "string", "hash of the text (obs.text); null without text", ()))
    if name == "offer":
        own.append(Column("address_id", "string", "record_id that an offer of this address without article number has", ()))
    about = (kind.__doc__ or name).split(". Identity")[0].split("\n")[0].rstrip(".")
    return Table(name=name, kind=kind, about=about, columns=ADDED + tuple(own))


def tables() -> dict[str, Table]:
    """All observation tables by name, in the order of the record kinds."""
    return {table_name(kind): table_of(kind) for kind in KINDS}


def _fields(kind: type) -> list[tuple[str, str, Any]]:
    """(attribute, meaning, bare type) of each field of a record kind."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for spec in fields(kind):
        hint, meaning = hints[spec.name], "counters at that moment"
        while get_origin(hint) is Annotated:
            hint, meaning = get_args(hint)[0], get_args(hint)[1]
        found.append((spec.name, meaning, hint))
    return found


def _form(name: str, hint: Any) -> Form:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    simple: dict[Any, Form] = {
        str: "date" if name.endswith("_date") else "string",
        int: "integer",
        float: "float",
        bool: "boolean",
        Decimal: "money",
        datetime: "time",
    }
    if hint in simple:
        return simple[hint]
    origin = get_origin(hint)
    if origin is Literal:
        return "string"
    if origin is tuple:
        return "list" if get_args(hint)[0] is str else "json"
    if origin is Mapping:
        return "json"
    raise TypeError(f"no column type for {name}: {hint}")
