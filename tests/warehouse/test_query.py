"""What analysts get from the published file."""

from pathlib import Path

import pyarrow as pa

from collectors.records import Counters
from tests.warehouse.nights import capture, offer, post, put, refresh
from warehouse.query import connect, frame


def test_a_frame_keeps_the_types_of_the_warehouse(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer(price="9.90"), post(1, counters=Counters(likes=2**60 + 1)), post(2)])])
    refresh(store)
    connection = connect(store)

    prices = frame(connection, "SELECT price_amount, observed_at FROM core.offer WHERE currency = ?", ["RUB"])
    counters = frame(connection, "SELECT like_count, tags FROM core.publication ORDER BY like_count")

    assert [kind.pyarrow_dtype for kind in prices.dtypes] == [pa.decimal128(18, 4), pa.timestamp("us")]
    assert [kind.pyarrow_dtype for kind in counters.dtypes] == [pa.int64(), pa.list_(pa.string())]
    assert counters["like_count"].isna().tolist() == [False, True]
    assert counters["like_count"].dropna().tolist() == [2**60 + 1]
