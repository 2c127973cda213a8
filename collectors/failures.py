"""How asking can fail: the kinds of failure, which of them are worth another try, and how long to wait before it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0  # seconds; a server that asks for more is asked again tomorrow

# kind -> what it means
KINDS = {
    "dns": "the name has no address",
    "dns_timeout": "the name was not resolved in time",
    "connect": "no connection",
    "timeout": "not answered in time",
    "tls": "no trusted encrypted connection",
    "reset": "the connection broke off",
    "truncated": "the answer is shorter than it says",
    "protocol": "the answer is not valid HTTP",
    "header_limit": "the headers are too large",
    "too_large": "the body is too large",
    "bomb": "the body unpacks to far more than it should",
    "decode": "the body is not packed as it says",
    "codings": "the body is packed in a way that is not understood",
    "redirect": "a redirect leads nowhere",
    "scheme": "the address, or a redirect, is not of the web",
    "downgrade": "a redirect leads from https to http",
    "guard": "the address may not be asked",
    "robots": "robots.txt does not allow it",
    "robots_unreachable": "robots.txt could not be had, so nothing may be asked",
    "soft_404": "the page says that it is not there, whatever its status says",
    "scope": "a redirect leads where we may not ask",
    "circuit_open": "the host failed too often and is left alone for a while",
    "paused": "the host asked to be left alone for a while",
    "budget": "the budget is spent",
    "paid": "already paid for",
    "credentials": "no way to authenticate",
}

RETRIED = frozenset(("dns", "dns_timeout", "connect", "timeout", "reset", "truncated", "protocol"))
RETRIED_STATUSES = frozenset((408, 425, 429, 500, 502, 503, 504))
TRIES = {"dns": 2, "dns_timeout": 2, "protocol": 2}  # fewer than the default for what seldom heals

# Failures that say the host is in trouble, not that one page is.
HOST_IN_TROUBLE = frozenset(("dns", "dns_timeout", "connect", "timeout", "tls", "reset", "truncated", "protocol"))

# Failures before the first byte of the request was sent: nothing can have been charged for it.
UNSENT = frozenset(("dns", "dns_timeout", "connect", "tls", "guard", "scheme", "circuit_open", "paused", "budget", "credentials"))


class FetchError(Exception):
    """A failure of a known kind, with a sentence that says what happened and to whom."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3): 0 for a past date, at most a day, None for nonsense."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST_WAIT if len(text) > 9 else min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    except OverflowError:
        return LONGEST_WAIT
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT)


def backoff(attempt: int, first: float, longest: float = 30.0) -> float:
    """Seconds to wait after try number `attempt` (from 1): doubled each time, with a fifth of jitter against marching."""
    return float(min(longest, first * 2 ** (attempt - 1))) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
