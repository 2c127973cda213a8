"""What every test of fetching needs: a book of limits, a source without pace, and a way to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.fetch import Answer, Fetcher
from collectors.limits import Limits
from collectors.source import Request, Source

AGENT = "dozor/0 (+https://dozor.example/about)"
SOURCE = Source(
    name="test_site",
    kinds=(),
    mode="snapshot",
    cadence="nightly",
    hosts=("127.0.0.1",),
    target="a URL",
    terms_url="https://dozor.example/terms",
    version=1,
    pace_seconds=0.0,
    max_body=1024 * 1024,
)


@pytest.fixture
def limits(tmp_path: Path) -> Iterator[Limits]:
    with Limits(tmp_path / "limits.sqlite") as book:
        yield book


@pytest.fixture
def fetcher_with(limits: Limits) -> Callable[..., Fetcher]:
    """A fetcher that may ask loopback and does not wait long."""

    def make(**settings: Any) -> Fetcher:
        usual = {"allow_private_hosts": True, "total_timeout": 5.0, "first_backoff": 0.01, "patience": 0.5}
        return Fetcher(limits=limits, user_agent=AGENT, **{**usual, **settings})

    return make


async def ask(fetcher: Fetcher, url: str, request: Request | None = None, source: Source = SOURCE, **more: Any) -> Answer:
    return await fetcher.fetch(request or Request(url=url), source, url=url, **more)


def source_with(**changes: Any) -> Source:
    return replace(SOURCE, **changes)
