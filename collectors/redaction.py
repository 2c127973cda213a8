"""Secrets kept out of what is stored and logged: known values by value, unknown ones by the names they travel under."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

MASK = "***"

# Names of parameters and headers whose values are never stored, whoever set them.
_TELLING_NAMES = (
    r"(?:access|refresh|id|auth|session|api|csrf|xsrf|bearer)[_-]?token|api[_-]?key|apikey|client[_-]?secret|(?:app)?secret(?:[_-]?key)?"
    r"|pass(?:word|wd)?|pwd|signature|sig|authorization|credentials?|private[_-]?key|x-amz-(?:signature|credential|security-token)"
)
# Names that hide secrets where a source authenticates and mean nothing much elsewhere (a product's ?key=12).
_LIKELY_NAMES = _TELLING_NAMES + r"|token|key|auth|session|sid|hash"
_SECRET_PARAMETER = {
    strict: re.compile(rf"(?i)((?:^|[?&;#])(?:{names})=)[^&#;\s\"'<>]+")
    for strict, names in ((False, _TELLING_NAMES), (True, _LIKELY_NAMES))
}
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/?#@\s]+@")
_SECRET_HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "set-cookie2",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
        "www-authenticate-token",
    )
)
_SHORTEST_SECRET = 6  # shorter ones would blot out innocent text


def redact_text(text: str, secrets: Iterable[str] = (), strict: bool = False) -> str:
    """Text (a URL, a message) without known secrets, user names in URLs and values of telling parameter names.

    With `strict`, for sources that authenticate, names such as `key` and `token` are telling too.
    """
    return _redacted(text, _spellings(secrets), strict)


def _redacted(text: str, spellings: Iterable[str], strict: bool) -> str:
    for spelling in spellings:
        text = text.replace(spelling, MASK)
    if "=" in text:
        text = _SECRET_PARAMETER[strict].sub(rf"\g<1>{MASK}", text)
    return _USER_INFO.sub(rf"\g<1>{MASK}@", text) if "@" in text else text


def telling_parameter(url: str) -> str:
    """The name of a parameter of a URL whose value is never stored, or nothing."""
    found = _SECRET_PARAMETER[False].search(url)
    return found.group(1).lstrip("?&;#").rstrip("=") if found else ""


def redact_body(body: bytes, secrets: Iterable[str] = ()) -> bytes:
    """A body without known secrets; all else stays, byte for byte."""
    for spelling in _spellings(secrets):
        body = body.replace(spelling.encode(), MASK.encode())
    return body


def redact_headers(headers: Mapping[str, str], secrets: Iterable[str] = (), strict: bool = False) -> dict[str, str]:
    """Headers (lower-case names) without secrets; cookies lose their values."""
    spellings = _spellings(secrets)
    return {name: MASK if name in _SECRET_HEADERS else _redacted(value, spellings, strict) for name, value in headers.items()}


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Every way a secret may be written, longest first."""
    found = set()
    for value in secrets:
        if len(value) >= _SHORTEST_SECRET:
            found |= {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1]}
    return sorted(found, key=len, reverse=True)
