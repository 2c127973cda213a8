"""What is said of a watch whose requests failed."""

from __future__ import annotations

import pytest

from collectors.tally import End, Tally

FIELDS = "%2C".join(f"field_number_{number}" for number in range(40))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"https://api.example/v1/ads?fields={FIELDS}&q=tea", "https://api.example/v1/ads?…"),
        ("https://shop.example/item?id=7&lang=ru", "https://shop.example/item?id=7&lang=ru"),
        (f"https://shop.example/{'long-' * 40}name", f"https://shop.example/{'long-' * 40}name"),
    ],
    ids=["a query of many fields", "a query that names the page", "a long path"],
)
def test_an_address_is_named_without_a_query_that_would_bury_the_sentence(url: str, said: str) -> None:
    tally = Tally()
    tally.ends["1"] = End("failed", f"expected JSON from {url}, got text/html", url, "cap_1")
    tally.fault("changed", f"{url}: no list of ads")

    assert tally.message == (
        f"1 of 1 requests failed: {said}: expected JSON from {said}, got text/html (dozor show cap_1). "
        f"They are asked again in the next run. · {said}: no list of ads"
    )
