"""One identity per page: URL parsing, joining, normalising, registrable domains.

Parsing follows the WHATWG URL standard (as browsers do) through Ada, for every URL of the project: what the guard checks and what
is connected to are then the same thing. Normal forms follow the cases of crawler-commons.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import urljoin

import can_ada
from publicsuffixlist import PublicSuffixList

LONGEST_URL = 8192  # characters; longer ones are traps or attacks
CACHED = 32_768  # answers remembered by each function here
LONGEST_CACHED = 1024  # characters; hostile pages must not fill the caches with long ones

# Parameters that say how a visitor came, never which page it is.
TRACKING = frozenset(
    (
        *("gclid", "gclsrc", "dclid", "gbraid", "wbraid", "_ga", "_gl"),  # Google
        *("yclid", "ysclid", "ymclid", "yadclid", "yadordid", "_openstat"),  # Yandex
        *("fbclid", "msclkid", "twclid", "ttclid", "igshid", "igsh", "rb_clickid"),  # Meta, Microsoft, X, TikTok, VK
        *("mc_cid", "mc_eid", "_hsenc", "_hsmi", "__hstc", "__hssc", "vero_id", "oly_anon_id", "oly_enc_id", "mkt_tok"),  # mail
    )
)
TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_")
SESSIONS = frozenset(("phpsessid", "jsessionid", "aspsessionid", "cfid", "cftoken"))

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~/&=+,:;@!$'()*?]*").fullmatch  # nothing to re-spell
_ODD = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~/&=+,:;@!$'()*?]")
# Absolute or rooted, and spelt so that joining needs no parser; segments of dots are asked apart.
_JOINED_AS_IT_IS = re.compile(
    r"(?:https?://[A-Za-z0-9.\-]+(?::[0-9]+)?)?/(?!/)[A-Za-z0-9\-._~/%&=+,:@!$()*']*"
    r"(?:\?[A-Za-z0-9\-._~/%&=+,:;@!$()*'?]+)?(?:#[A-Za-z0-9\-._~/%&=+,:;@!$()*'?]+)?"
).fullmatch
_SLASHES = re.compile(r"/{2,}")
_PATH_SESSION = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


def normalise_url(url: str) -> str:
    """The one spelling of a URL under which a page is known.

    Lower-case ASCII host without a trailing dot, no default port, user, fragment, tracking or session parameter; dot segments and
    doubled slashes resolved; percent-encoding only where needed, upper-case; parameters sorted by name (their order kept among
    equal names). Scheme, `www.`, a trailing slash and the case of the path stay: servers tell them apart. What no browser could
    open comes back trimmed, never as an exception.
    """
    return _normalised(url) if len(url) <= LONGEST_CACHED else _normalised.__wrapped__(url)


@lru_cache(maxsize=CACHED)
def _normalised(url: str) -> str:
    text = url.strip()
    try:
        parts = can_ada.parse(text)
    except ValueError:
        return _SLASHES.sub("/", text)
    scheme = parts.protocol
    path = parts.pathname
    if "//" in path:
        path = _resolved(_SLASHES.sub("/", path))
    if ";" in path:
        path = _PATH_SESSION.sub("", path)
    if not _PLAIN(path):
        path = _ODD.sub(_respelt, path)
    query = _query(parts.search[1:]) if parts.search else ""
    tail = f"{path}?{query}" if query else path
    if scheme == "file:" and not text.lower().startswith("file://"):
        return f"file:{tail}"
    if not parts.has_hostname():
        return f"{scheme}{tail}"
    host = parts.hostname.rstrip(".")
    return f"{scheme}//{host}:{parts.port}{tail}" if parts.port else f"{scheme}//{host}{tail}"


def resolve(base: str, href: str) -> str | None:
    """The absolute http(s) URL of a link on page `base`; None where it leads to no page (mail, script, data, nonsense)."""
    if len(href) > LONGEST_URL:
        return None
    try:
        url = (_parsed(base) + href).href
    except ValueError:
        return None
    return url if url.startswith(("http:", "https:")) else None


@lru_cache(maxsize=1024)
def origin_of(url: str) -> str:
    """Scheme, host and port of an http(s) URL, as `resolve` spells them; empty for others."""
    try:
        origin: str = _parsed(url).origin
    except ValueError:
        return ""
    return origin if origin.startswith(("http:", "https:")) else ""


def join(base: str, address: str) -> str:
    """`urljoin`: an address made absolute as it is spelt; raises ValueError like it. Plain ones take a tenth of the time."""
    if base and _JOINED_AS_IT_IS(address) and "/." not in address:
        origin = _origin(base)
        return address if address[0] == "h" else origin + address
    return urljoin(base, address)


@lru_cache(maxsize=1024)
def _origin(base: str) -> str:
    """What `urljoin` puts before rooted addresses."""
    return urljoin(base, "/").removesuffix("/")


def host_of(url: str) -> str:
    """The host of a URL, lower-case ASCII (punycode), without port and trailing dot; empty where there is none."""
    return _host(url) if len(url) <= LONGEST_CACHED else _host.__wrapped__(url)


@lru_cache(maxsize=CACHED)
def _host(url: str) -> str:
    try:
        return can_ada.parse(url).hostname.rstrip(".")
    except ValueError:
        return ""


def registrable_domain(host: str | None) -> str | None:
    """The part of a host that was registered (`shop.example.co.uk` -> `example.co.uk`), in the script it was given in.

    None for addresses, public suffixes and malformed names. The list is the Public Suffix List shipped with `publicsuffixlist`.
    """
    return _registrable(host) if host and len(host) <= 255 else None


@lru_cache(maxsize=CACHED)
def _registrable(host: str) -> str | None:
    name = host.lower().removesuffix(".")
    if not name or _ADDRESS.fullmatch(name) or "" in (labels := name.split(".")):
        return None
    ascii_name = name
    if not name.isascii():
        ascii_name = can_ada.idna_encode(name).decode("ascii")
        if ascii_name.count(".") != len(labels) - 1:
            return None
    found = _suffixes().privatesuffix(ascii_name)
    return None if found is None else ".".join(labels[-(found.count(".") + 1) :])


@lru_cache(maxsize=1024)
def _parsed(base: str) -> can_ada.URL:
    return can_ada.parse(base)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _query(query: str) -> str:
    kept = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        lower = name.lower()
        if not name or lower in TRACKING or lower in SESSIONS or lower.startswith(TRACKING_PREFIXES):
            continue
        kept.append((name, f"{name}={value}" if value else name))
    kept.sort(key=lambda pair: pair[0])
    joined = "&".join(pair for _, pair in kept)
    return joined if _PLAIN(joined) else _ODD.sub(_respelt, joined)


def _respelt(match: re.Match[str]) -> str:
    code = match.group(1)
    if code is not None:
        byte = int(code, 16)
        return chr(byte) if byte in _UNRESERVED else f"%{code.upper()}"
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogatepass"))


def _resolved(path: str) -> str:
    """The path with dot segments resolved again: `//..` means another thing once slashes are merged."""
    return can_ada.parse("http://x" + path).pathname
