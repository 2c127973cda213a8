"""What many models say of observations, stated once: the record as last seen, and its history in time.

A model's SQL names them like tables, and the columns they add mean the same wherever they stand:

    latest(obs.ad)                                  one row per record: the columns of its last whole observation, and when and
                                                    how often it was seen
    history(obs.offer: price_amount, currency)      one row per record and stretch of looks over which these columns stayed the
                                                    same: the columns of the observation that the stretch began with, and how
                                                    long it lasted

    latest(obs.offer as core.offer_identity)        the same, records that are one thing taken together under its offer_id

A look is an observation, or a later capture that found the same body again (ops.sighting). Of looks that speak of the same moment
the one fetched last counts, so no two stretches begin at once. Partial observations (cards) count only for records never seen
whole; of things taken together they count until the thing is seen whole, since what a listing said of a price was so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLOCK = re.compile(
    r"\b(?P<block>latest|history)\((?P<relation>\w+\.\w+)(?: as (?P<identity>\w+\.\w+))?(?::\s*(?P<columns>[\w\s,]+))?\)"
)

_SEEN = {
    "first_seen_at": "when it was first seen (fetched)",
    "last_seen_at": "when it was last seen (fetched), looks that found the same page again included",
    "day_seen_count": "distinct UTC days on which it was seen (formula days_seen)",
    "observation_count": "observations read, looks that found the same page again aside",
}
_STRETCH = {
    "valid_from": "first look that found it so",
    "valid_to": "first look that found it otherwise; null while it holds",
    "last_seen_at": "last look that found it so",
    "look_count": "looks that found it so",
    "capture_id": "the capture that first showed it",
}

# Of two records of one thing in one capture the thing's own counts, not the card.
_UNITED = """observed AS NOT MATERIALIZED (
        SELECT o.* REPLACE (i.offer_id AS record_id)
        FROM {relation} AS o
        JOIN {identity} AS i USING (record_id)
        WHERE i.offer_id = o.record_id
            OR NOT EXISTS (FROM {relation} AS p WHERE p.record_id = i.offer_id AND p.capture_id = o.capture_id)
    ),
    """

_LATEST = """(
    WITH {united}last AS (
        SELECT record_id, capture_id
        FROM {relation}
        QUALIFY row_number() OVER (
            PARTITION BY record_id ORDER BY is_partial, observed_at DESC, fetched_at DESC, capture_id DESC
        ) = 1
    ),
    look AS (
        SELECT record_id, fetched_at, TRUE AS is_read FROM {relation}
        UNION ALL
        SELECT o.record_id, s.fetched_at, FALSE FROM {relation} AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
    ),
    seen_day AS (
        SELECT record_id, min(fetched_at) AS first_at, max(fetched_at) AS last_at, count(*) FILTER (is_read) AS read_count
        FROM look
        GROUP BY record_id, fetched_at::DATE
    ),
    span AS (
        SELECT
            record_id,
            min(first_at) AS first_seen_at,
            max(last_at) AS last_seen_at,
            count(*) AS day_seen_count,
            sum(read_count)::BIGINT AS observation_count
        FROM seen_day
        GROUP BY record_id
    )
    SELECT * FROM {relation} JOIN last USING (record_id, capture_id) JOIN span USING (record_id)
)"""

_HISTORY = """(
    WITH {united}look AS (
        SELECT record_id, capture_id, capture_id AS read_id, observed_at, fetched_at, is_partial, hash({columns}) AS state
        FROM {relation}
        UNION ALL
        SELECT o.record_id, s.capture_id, o.capture_id, s.observed_at, s.fetched_at, o.is_partial, hash({o_columns})
        FROM {relation} AS o
        JOIN ops.sighting AS s ON s.body_of = o.capture_id
    ),
    whole AS (
        SELECT record_id, min(observed_at) AS whole_at FROM {relation} WHERE NOT is_partial GROUP BY record_id
    ),
    moment AS (
        SELECT look.*
        FROM look
        LEFT JOIN whole USING (record_id)
        WHERE NOT is_partial OR whole_at IS NULL{or_before}
        QUALIFY row_number() OVER (PARTITION BY record_id, observed_at ORDER BY fetched_at DESC, capture_id DESC) = 1
    ),
    step AS (
        SELECT
            *,
            row_number() OVER turn AS place,
            lag(state) OVER turn AS state_before,
            lag(observed_at) OVER turn AS observed_before
        FROM moment
        WINDOW turn AS (PARTITION BY record_id ORDER BY observed_at)
    ),
    total AS (
        SELECT record_id, max(place) AS look_count, max(observed_at) AS last_at FROM step GROUP BY record_id
    ),
    stretch AS (
        SELECT
            c.record_id,
            c.read_id,
            c.capture_id AS first_id,
            row_number() OVER turn AS stretch_number,
            c.observed_at AS valid_from,
            lead(c.observed_at) OVER turn AS valid_to,
            coalesce(lead(c.observed_before) OVER turn, e.last_at) AS last_seen_at,
            coalesce(lead(c.place) OVER turn, e.look_count + 1) - c.place AS look_count
        FROM step AS c
        JOIN total AS e USING (record_id)
        WHERE c.place = 1 OR c.state <> c.state_before
        WINDOW turn AS (PARTITION BY c.record_id ORDER BY c.place)
    )
    SELECT o.* REPLACE (h.first_id AS capture_id), h.* EXCLUDE (record_id, read_id, first_id)
    FROM stretch AS h
    JOIN {relation} AS o ON o.record_id = h.record_id AND o.capture_id = h.read_id
)"""


def expanded(sql: str) -> str:
    """The statement with its blocks written out."""
    return _BLOCK.sub(_written, sql)


def meanings(sql: str) -> Mapping[str, str]:
    """What the columns mean that the statement's block adds."""
    found = _BLOCK.search(sql)
    return {} if found is None else _SEEN if found["block"] == "latest" else _STRETCH


def _written(found: re.Match[str]) -> str:
    relation, identity = found["relation"], found["identity"]
    united = _UNITED.format(relation=relation, identity=identity) if identity else ""
    columns = [name.strip() for name in (found["columns"] or "").split(",")]
    return (_LATEST if found["block"] == "latest" else _HISTORY).format(
        united=united,
        relation="observed" if identity else relation,
        or_before=" OR observed_at < whole_at" if identity else "",
        columns=", ".join(columns),
        o_columns=", ".join(f"o.{name}" for name in columns),
    )
