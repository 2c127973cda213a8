"""One page named by hand, asked with the guards and by the rules that every page is asked with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from collectors.failures import FetchError
from collectors.fetch import Answer
from collectors.limits import Limits
from collectors.reading.bounds import MAX_SIZE
from collectors.reading.model import PageError
from collectors.robots import Robots, permission
from collectors.source import Request, Source
from dozor.asking import denied_hosts, fetcher_of
from dozor.settings import Settings, SettingsError, load_settings

SECONDS_TO_FETCH = 20.0

# What the fetcher must know of whom it asks for; a page named by hand belongs to no source.
_ONE_PAGE = Source(
    name="page",
    kinds=(),
    mode="snapshot",
    cadence="nightly",
    hosts=(),
    target="a page",
    terms_url="",
    version=1,
    pace_seconds=0,
    max_body=MAX_SIZE,
)


def fetch_page(address: str) -> tuple[bytes, str, str | None, str | None]:
    """Body, final address, media type and charset. Raises SettingsError without a contact, PageError without a page."""
    settings = load_settings()
    if not settings.contact:
        raise SettingsError(
            "no contact: set DOZOR_CONTACT (or `contact:` in dozor.yml) to a URL or mail address by which site owners reach you, "
            "or save the page and read the file"
        )
    answer = uvloop.run(_ask(address, settings))
    if answer.body is None or not (answer.http_status and 200 <= answer.http_status < 300):
        raise PageError(answer.error_detail or f"{address} answered {answer.http_status or 'nothing'}")
    return answer.body, answer.final_url, answer.media_type or None, answer.charset or None


async def _ask(address: str, settings: Settings) -> Answer:
    with TemporaryDirectory() as folder, Limits(Path(folder) / "limits.sqlite") as limits:
        async with fetcher_of(settings, limits, total_timeout=SECONDS_TO_FETCH, tries=1) as fetcher:
            robots = Robots(fetcher, _ONE_PAGE)

            async def may_ask(url: str) -> str:
                decision = await permission(url, denied_hosts(settings), robots)
                return "" if decision.allowed else decision.rule

            try:
                fetcher.check_url(address)
            except FetchError as error:
                raise PageError(error.detail) from error
            if reason := await may_ask(address):
                raise PageError(reason)
            return await fetcher.fetch(Request(url=address), _ONE_PAGE, url=address, may_ask=may_ask)
