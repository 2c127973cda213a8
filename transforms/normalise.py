"""Records to observation tables, column by column.

One row per record and capture. What a column cannot hold (an integer beyond 64 bits, a date that is none) moves to `extra` as
text under the column's name, so that one odd value costs neither the row nor the batch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from hashlib import blake2b
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any, Literal, cast

import pyarrow as pa

from collectors.records import Offer, Record, identity
from collectors.source import Capture
from transforms.tables import MONEY, PERSONAL, UTC_TIME, Column, Table, table_of

Policy = Literal["keep", "hash", "drop"]
DEFAULT_POLICY: Policy = "hash"

PSEUDONYM = re.compile(r"person_[0-9a-f]{24}")
CHUNK_ROWS = 50_000  # rows held as records before they become Arrow: bounds memory on long captures
_CENT = Decimal("0.0001")
_LARGEST_MONEY = Decimal(10) ** 14  # DECIMAL(18,4)


def record_id(table: str, source: str, parts: Sequence[str]) -> str:
    """The id of a thing observed: the 128-bit digest of (table, source, identity), 32 hex digits.

    The same text as `collectors.source.digest(table, source, parts)` hashes, assembled without a JSON encoder: it runs per
    record.
    """
    inner = ",".join(map(encode_basestring, parts))
    text = f"[{encode_basestring(table)},{encode_basestring(source)},[{inner}]]"
    return _hash(text)


def text_hash(text: str | None) -> str | None:
    """The key of a text in obs.text; None for a missing or empty text."""
    return _hash(text) if text else None


def pseudonym(name: str, salt: bytes) -> str:
    """A person's name as it is stored under the policy `hash`: the same name and salt give the same pseudonym."""
    return "person_" + blake2b(name.encode("utf-8", "surrogatepass"), digest_size=12, key=salt[:64]).hexdigest()


def normalise(
    captured: Iterable[tuple[Capture, Sequence[Record]]],
    version: str,
    *,
    policy: Policy = DEFAULT_POLICY,
    salt: bytes = b"",
    kinds: Iterable[type] = (),
) -> dict[str, pa.Table]:
    """The observations that records of captures make: table name -> rows in the table's schema.

    `version` is that of source and reading; `kinds` get a table even without a record, so that zero rows stay visible. Of a key
    that stands twice in one capture the whole record goes before the partial one, then the earlier one. `policy` says what
    becomes of the names of commenters and reviewers. ValueError from `records.identity` for a record without identity.
    """
    pending: dict[type, _Pending] = {kind: _Pending(table_of(kind)) for kind in kinds}
    for capture, records in captured:
        for kind, rows in _unique(capture, records).items():
            target = pending.get(kind)
            if target is None:
                target = pending[kind] = _Pending(table_of(kind))
            target.add(capture, rows)
            if len(target.records) >= CHUNK_ROWS:
                target.flush(version, policy, salt)
    result = {}
    for target in pending.values():
        target.flush(version, policy, salt)
        result[target.table.name] = pa.concat_tables([target.table.empty(), *target.chunks])
    return result


def _unique(capture: Capture, records: Sequence[Record]) -> dict[type, dict[str, Record]]:
    """Record kind -> record_id -> record; each key of the capture once."""
    kept: dict[type, dict[str, Record]] = {}
    for record in records:
        kind: type = type(record)
        rows = kept.get(kind)
        if rows is None:
            rows = kept[kind] = {}
        key = record_id(table_of(kind).name, capture.source, identity(record))
        before = rows.get(key)
        if before is None or (before.is_partial and not record.is_partial):
            rows[key] = record
    return kept


@dataclass(slots=True)
class _Pending:
    """Records of one kind that wait to become Arrow, and the chunks that already did."""

    table: Table
    keys: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    rows_of: list[int] = field(default_factory=list)  # for each record, the position of its capture
    chunks: list[pa.Table] = field(default_factory=list)

    def add(self, capture: Capture, rows: Mapping[str, Record]) -> None:
        self.rows_of.extend([len(self.captures)] * len(rows))
        self.captures.append(capture)
        self.keys.extend(rows)
        self.records.extend(rows.values())

    def flush(self, version: str, policy: Policy, salt: bytes) -> None:
        if self.records:
            self.chunks.append(_chunk(self, version, policy, salt))
        self.keys, self.records, self.captures, self.rows_of = [], [], [], []


def _chunk(pending: _Pending, version: str, policy: Policy, salt: bytes) -> pa.Table:
    table, records = pending.table, pending.records
    unfit: dict[int, dict[str, str]] = {}
    columns: dict[str, pa.Array[Any]] = _added(pending, version)
    for column in table.columns:
        if not column.path or column.name == "extra":
            continue
        values: list[Any] = list(map(attrgetter(".".join(column.path)), records))
        if column.is_personal and policy != "keep":
            values = _depersonalise(table.name, records, values, policy, salt)
        columns[column.name] = _array(column, values, unfit)
        if column.name == table.text_column:
            columns["text_hash"] = _strings(list(map(text_hash, values)))
    if "address_id" in table.schema.names:
        columns["address_id"] = _strings(_address_ids(pending))
    extras: list[Mapping[str, Any]] = [record.extra for record in records]
    for row, odd in unfit.items():
        extras[row] = {**extras[row], **odd}
    if "extra" in table.schema.names:
        columns["extra"] = _strings(list(map(_json, extras)))
    return pa.Table.from_arrays([columns[column.name] for column in table.columns], schema=table.schema)


def _added(pending: _Pending, version: str) -> dict[str, pa.Array[Any]]:
    captures, index = pending.captures, pa.array(pending.rows_of, pa.int32())

    def spread(name: str, kind: pa.DataType) -> pa.Array[Any]:
        return pa.array([getattr(capture, name) for capture in captures], kind).take(index)

    texts = {name: spread(name, pa.string()) for name in ("capture_id", "watch_id", "source", "origin")}
    times = {name: spread(name, UTC_TIME) for name in ("fetched_at", "observed_at")}
    return {
        **texts,
        **times,
        "record_id": pa.array(pending.keys, pa.string()),
        "version": pa.repeat(pa.scalar(version, pa.string()), len(pending.records)),
    }


def _address_ids(pending: _Pending) -> list[str | None]:
    """For each offer the id it would have by its address alone, as a card of a listing has it; its own without address."""
    return [
        key
        if not record.url or not (record.native_id or record.sku or record.variant)
        else record_id(
            pending.table.name, pending.captures[place].source, identity(replace(record, native_id=None, sku=None, variant=None))
        )
        for key, record, place in zip(pending.keys, cast(list[Offer], pending.records), pending.rows_of, strict=True)
    ]


def _depersonalise(table: str, records: Sequence[Any], values: list[Any], policy: Policy, salt: bytes) -> list[Any]:
    """Names of people who comment and review, hashed or dropped; authors of posts and articles speak as channel or outlet."""
    if table not in PERSONAL:
        return values
    speaks_privately = [table == "review" or record.kind == "comment" for record in records]
    if policy == "drop":
        return [None if private else value for value, private in zip(values, speaks_privately, strict=True)]
    return [
        pseudonym(value, salt) if private and value else value for value, private in zip(values, speaks_privately, strict=True)
    ]


def _array(column: Column, values: list[Any], unfit: dict[int, dict[str, str]]) -> pa.Array[Any]:
    """The values as Arrow; those that do not fit become null and are noted in `unfit` by row and column."""
    if column.form == "json":
        return _strings(list(map(_json, values)))
    if column.form in ("money", "date"):
        values = _converted(column, values, _money if column.form == "money" else _date, unfit)
    try:
        return pa.array(values, column.arrow, from_pandas=column.form == "float")
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError, TypeError, ValueError):
        return pa.array(_converted(column, values, partial(_fitting, column), unfit), column.arrow)


def _converted(column: Column, values: list[Any], convert: Callable[[Any], Any], unfit: dict[int, dict[str, str]]) -> list[Any]:
    result: list[Any] = []
    for row, value in enumerate(values):
        if value is None:
            result.append(None)
            continue
        try:
            result.append(convert(value))
        except (ValueError, TypeError, OverflowError, InvalidOperation, pa.ArrowInvalid):
            unfit.setdefault(row, {})[column.name] = str(value)
            result.append(None)
    return result


def _money(value: Decimal) -> Decimal:
    if isinstance(value, float):
        raise TypeError("money is Decimal, never float")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= _LARGEST_MONEY:
        raise ValueError(f"{amount} does not fit {MONEY}")
    return amount.quantize(_CENT)


def _date(value: str) -> date:
    return date.fromisoformat(value)


def _fitting(column: Column, value: Any) -> Any:
    """The value if its column can hold it; the slow way, taken when a whole column failed."""
    if column.form == "string":
        return _clean(str(value))
    if column.form == "list":
        return [_clean(str(item)) for item in value]
    if column.form == "time":
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"{value!r} is not an aware time")
        return value.astimezone(UTC)
    if column.form == "float" and math.isnan(value):
        return None
    return pa.scalar(value, column.arrow).as_py()


def _json(value: Any) -> str | None:
    """JSON text with sorted keys; None for None and for empty: an empty mapping says nothing."""
    if not value:
        return None
    try:
        return _encoded(value)
    except (ValueError, TypeError):
        return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=_jsonable, separators=(",", ":"), allow_nan=False).encode


def _plain(value: Any) -> Any:
    """The value as JSON can say it: no NaN, keys are strings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else _jsonable(value)


def _strings(values: list[str | None]) -> pa.Array[Any]:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else _clean(value) for value in values], pa.string())


def _clean(text: str) -> str:
    """Without lone surrogates, which no UTF-8 column can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
