"""Targets that sources share a spelling of."""

import re

import can_ada

from collectors.redaction import redact_text, telling_parameter
from collectors.urls import host_of, normalise_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]")


def web_address(target: str) -> str:
    """The normal spelling of an address; https where no scheme is given. ValueError when it has no host, or holds a secret: a
    target stands in every table, file and report.
    """
    given = target if _SCHEME.match(target) else f"https://{target}"
    url = normalise_url(given)
    if not host_of(url):
        raise ValueError(f'"{redact_text(target)}" is not an address')
    parts = can_ada.parse(given.strip())
    if parts.username or parts.password:
        raise ValueError("a user name or password in an address is never sent: watch an address that works without")
    if name := telling_parameter(given) or telling_parameter(url):  # the second: however the name is spelt
        raise ValueError(
            f'"{name}" in an address is a secret, which would be stored and shown: watch an address that works without'
        )
    return url
