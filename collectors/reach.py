"""Where the requests of a watch may go: the hosts its source declares, and never those the user excluded. Pure functions."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from collectors.source import LINKED, TARGET, Source, Watch
from collectors.urls import host_of, registrable_domain


def is_reachable(url: str, source: Source, watch: Watch, base_url: str = "") -> bool:
    """Whether a source may ask this address for this watch at all. `base_url` is the one in force, set or declared."""
    host = host_of(url)
    if LINKED in source.hosts or host in source.hosts or (base_url and host == host_of(base_url)):
        return True
    return TARGET in source.hosts and _is_one_site(
        host, host_of(watch.target if "://" in watch.target else f"https://{watch.target}")
    )


def stays_near(url: str, target: str) -> bool:
    """Whether a redirect from `url` to `target` stays with the same owner."""
    return _is_one_site(host_of(url), host_of(target))


def excluded_by(url: str, denied_hosts: AbstractSet[str]) -> str:
    """The excluded host that an address belongs to, itself or as its subdomain; empty when there is none."""
    host = host_of(url)
    return next((denied for denied in sorted(denied_hosts) if host == denied or host.endswith(f".{denied}")), "")


def _is_one_site(host: str, other: str) -> bool:
    return host == other or (registrable_domain(host) or host) == (registrable_domain(other) or other)
