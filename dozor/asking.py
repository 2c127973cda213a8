"""Who asks the outside: the fetcher that the settings describe, for a run and for one page named by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version

from collectors.connect import Resolver
from collectors.fetch import MOST_TRIES, Fetcher
from collectors.limits import Limits
from dozor.settings import Settings


def fetcher_of(settings: Settings, limits: Limits, *, total_timeout: float = 60.0, tries: int = MOST_TRIES) -> Fetcher:
    return Fetcher(
        limits=limits,
        user_agent=f"dozor/{version('dozor')} (+{settings.contact})",
        allow_private_hosts=settings.allow_private_hosts,
        total_timeout=total_timeout,
        tries=tries,
        http2=settings.http2,
        resolve=_resolver(settings.connect_to) if settings.connect_to else None,
    )


def denied_hosts(settings: Settings) -> frozenset[str]:
    return frozenset(host.lower() for host in settings.denied_hosts)


def _resolver(connect_to: Mapping[str, str]) -> Callable[[str, int], Awaitable[list[str]]]:
    system = Resolver()

    async def resolve(host: str, port: int) -> list[str]:
        return [connect_to[host]] if host in connect_to else await system(host, port)

    return resolve
