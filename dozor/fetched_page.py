"""One page named by hand, fetched with the guards that every page is fetched with."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import uvloop

from collectors.fetch import Answer, Fetcher
from collectors.limits import Limits
from collectors.reading.bounds import MAX_SIZE
from collectors.reading.model import PageError
from collectors.source import Request, Source
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
    denied = {host.lower() for host in settings.denied_hosts}

    async def may_ask(url: str) -> str:
        host = urlsplit(url).hostname or ""
        return f"{host} is never asked: `denied_hosts` names it" if host in denied else ""

    with TemporaryDirectory() as folder, Limits(Path(folder) / "limits.sqlite") as limits:
        async with Fetcher(
            limits=limits,
            user_agent=f"dozor/{version('dozor')} (+{settings.contact})",
            allow_private_hosts=settings.allow_private_hosts,
            total_timeout=SECONDS_TO_FETCH,
            tries=1,
            http2=settings.http2,
        ) as fetcher:
            if reason := await may_ask(address):
                raise PageError(reason)
            return await fetcher.fetch(Request(url=address), _ONE_PAGE, url=address, may_ask=may_ask)
