"""How a source's secret is applied to a request, after its fingerprint is taken, and kept out of everything stored.

A source declares one of the kinds below and names the secrets it needs by key ("token"); their values are looked up by (source,
account) when a request is sent. `Signing` and the pure `redact_*` functions see values; nothing else does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode

Lookup = Callable[[str], str | None]  # key -> secret

MASK = "***"


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer <secret>`."""

    key: str = "token"
    scheme: str = "Bearer"  # some services say "OAuth" or "Api-Key"


@dataclass(frozen=True, slots=True)
class Header:
    """The secret as a header."""

    name: str
    key: str = "token"


@dataclass(frozen=True, slots=True)
class Query:
    """The secret as a query parameter."""

    name: str
    key: str = "token"


@dataclass(frozen=True, slots=True)
class JsonField:
    """The secret as a top-level field of the JSON body."""

    name: str
    key: str = "token"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """A short-lived access token fetched from `token_url` (RFC 6749): by refresh token, or by client credentials.

    Needs the secrets client_id and client_secret, and refresh_token for that grant. The token lives in memory only.
    """

    token_url: str
    grant: Literal["refresh_token", "client_credentials"] = "refresh_token"
    scope: str = ""
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Session:
    """A login request that answers with a cookie or a token, sent with every request after it.

    `body` is the JSON value of the login; "{key}" in its strings stands for the secret of that key. The answer's cookies are sent back;
    with `token_field` (dots lead into the JSON answer) its value is sent as `header` instead.
    """

    login_url: str
    body: Mapping[str, str] = field(default_factory=dict)
    token_field: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Sign:
    """A keyed hash over the request: hex HMAC of `template` as the parameter `name`.

    `template` may use {method}, {path}, {query} (parameters sorted, encoded, without the signature) and {body}. `public` maps further
    parameters to secrets sent in the clear (an application key).
    """

    name: str
    key: str = "secret"
    algorithm: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    template: str = "{method}\n{path}\n{query}\n{body}"
    public: Mapping[str, str] = field(default_factory=dict)
    place: Literal["query", "header"] = "query"


Auth = Bearer | Header | Query | JsonField | OAuth2 | Session | Sign


class MissingCredentialsError(Exception):
    """A secret that a source needs is not set."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A request on its way out."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


def needed_keys(auth: Auth | None) -> tuple[str, ...]:
    """The keys of the secrets an auth kind looks up."""
    match auth:
        case None:
            return ()
        case OAuth2(grant=grant):
            return ("client_id", "client_secret", "refresh_token") if grant == "refresh_token" else ("client_id", "client_secret")
        case Session(body=body):
            return tuple(dict.fromkeys(key for text in body.values() for key in _PLACES.findall(text)))
        case Sign(key=key, public=public):
            return tuple(dict.fromkeys((key, *public.values())))
        case _:
            return (auth.key,)


def variable(source: str, account: str | None, key: str) -> str:
    """The environment variable that holds a secret: DOZOR_<SOURCE>_<KEY>, or DOZOR_<SOURCE>_<ACCOUNT>_<KEY>."""
    return re.sub(r"[^A-Z0-9]+", "_", "_".join(filter(None, ("DOZOR", source, account, key))).upper())


def from_environment(source: str, account: str | None = None) -> Lookup:
    """Secrets of one source and account from the environment."""
    return lambda key: os.environ.get(variable(source, account, key)) or None


def missing_credentials(source: str, auth: Auth | None, account: str | None, lookup: Lookup) -> list[str]:
    """What is not set, one sentence a secret, with what mends it; empty when the source can authenticate."""
    connection = "_".join(filter(None, ("dozor", source, account)))
    return [
        f"{source} needs {key}: set the variable {variable(source, account, key)}, or {key} in the Airflow connection {connection}"
        for key in needed_keys(auth)
        if not lookup(key)
    ]


def apply(auth: Auth | None, parts: Parts, secret: Lookup, session: Mapping[str, str] | None = None) -> Parts:
    """The request with its secret. `session` holds the headers that OAuth2 or Session earned before."""
    match auth:
        case None:
            return parts
        case Bearer(key=key, scheme=scheme):
            return _with_headers(parts, {"authorization": f"{scheme} {_get(secret, key)}"})
        case Header(name=name, key=key):
            return _with_headers(parts, {name.lower(): _get(secret, key)})
        case Query(name=name, key=key):
            return _with_params(parts, {name: _get(secret, key)})
        case JsonField(name=name, key=key):
            value = json.loads(parts.body or b"{}")
            if not isinstance(value, dict):
                raise TypeError(f"the secret goes into a JSON object, and the body is a {type(value).__name__}")
            return replace(parts, body=json.dumps(value | {name: _get(secret, key)}, ensure_ascii=False).encode())
        case OAuth2() | Session():
            return _with_headers(parts, dict(session or {}))
        case Sign():
            return _signed(auth, parts, secret)


def login(auth: OAuth2 | Session, secret: Lookup) -> Parts:
    """The request that earns a token or a session. Its answer is never archived."""
    if isinstance(auth, OAuth2):
        form = {"grant_type": auth.grant, "client_id": _get(secret, "client_id"), "client_secret": _get(secret, "client_secret")}
        if auth.grant == "refresh_token":
            form["refresh_token"] = _get(secret, "refresh_token")
        if auth.scope:
            form["scope"] = auth.scope
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return Parts("POST", auth.token_url, headers, urlencode(form).encode())
    filled = {name: _PLACES.sub(lambda place: _get(secret, place.group(1)), text) for name, text in auth.body.items()}
    return Parts("POST", auth.login_url, {"content-type": "application/json"}, json.dumps(filled).encode())


def earned(auth: OAuth2 | Session, body: bytes, cookies: Iterable[str]) -> tuple[dict[str, str], float]:
    """The headers that an answer to `login` earns, and how many seconds they live; raises ValueError for an answer without them.

    `cookies` are the Set-Cookie headers of the answer; they go back to the login's own host only, whatever domain they claim.
    """
    if isinstance(auth, OAuth2):
        answer = _json_object(body)
        if not isinstance(answer.get("access_token"), str):
            raise ValueError(
                f"no access token: {str(answer.get('error_description') or answer.get('error') or 'no reason given')[:200]}"
            )
        lifetime = answer.get("expires_in")
        return {"authorization": f"{auth.scheme} {answer['access_token']}"}, float(lifetime) if isinstance(
            lifetime, int | float
        ) else 3600.0
    if auth.token_field:
        value: Any = _json_object(body)
        for name in auth.token_field.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if not isinstance(value, str | int):
            raise ValueError(f"no {auth.token_field} in the answer to the login")
        return {auth.header.lower(): f"{auth.scheme} {value}".strip()}, 3600.0
    pairs = [cookie.partition(";")[0].strip() for cookie in cookies]
    if not pairs:
        raise ValueError("no cookie in the answer to the login")
    return {"cookie": "; ".join(pairs)}, 3600.0


_PLACES = re.compile(r"\{(\w+)\}")


def _json_object(body: bytes) -> dict[str, Any]:
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise TypeError("the answer is not a JSON object")
    return answer


def _get(secret: Lookup, key: str) -> str:
    value = secret(key)
    if not value:
        raise MissingCredentialsError(key)
    return value


def _with_headers(parts: Parts, headers: Mapping[str, str]) -> Parts:
    return replace(parts, headers={**parts.headers, **headers})


def _with_params(parts: Parts, params: Mapping[str, str]) -> Parts:
    return replace(parts, url=f"{parts.url}{'&' if '?' in parts.url else '?'}{urlencode(params)}")


def _signed(auth: Sign, parts: Parts, secret: Lookup) -> Parts:
    if auth.public:
        parts = _with_params(parts, {name: _get(secret, key) for name, key in auth.public.items()})
    address, _, query = parts.url.partition("?")
    text = auth.template.format(
        method=parts.method,
        path="/" + address.partition("://")[2].partition("/")[2],
        query="&".join(sorted(query.split("&"))) if query else "",
        body=(parts.body or b"").decode("utf-8", "replace"),
    )
    signature = hmac.new(_get(secret, auth.key).encode(), text.encode(), getattr(hashlib, auth.algorithm)).hexdigest()
    if auth.place == "header":
        return _with_headers(parts, {auth.name.lower(): signature})
    return _with_params(parts, {auth.name: signature})


# Names of parameters and headers whose values are never stored, whoever set them.
_SECRET_NAMES = (
    r"(?:access|refresh|id|auth|session|api|csrf|xsrf|bearer)[_-]?token|api[_-]?key|apikey|client[_-]?secret|(?:app)?secret(?:[_-]?key)?"
    r"|pass(?:word|wd)?|pwd|signature|sig|authorization|credentials?|private[_-]?key|x-amz-(?:signature|credential|security-token)"
)
# Names that hide secrets where a source authenticates and mean nothing much elsewhere (a product's ?key=12).
_LIKELY_NAMES = _SECRET_NAMES + r"|token|key|auth|session|sid|hash"
_SECRET_PARAMETER = {
    strict: re.compile(rf"(?i)((?:^|[?&;#])(?:{names})=)[^&#;\s\"'<>]+")
    for strict, names in ((False, _SECRET_NAMES), (True, _LIKELY_NAMES))
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
    for spelling in _spellings(secrets):
        text = text.replace(spelling, MASK)
    if "=" in text:
        text = _SECRET_PARAMETER[strict].sub(rf"\g<1>{MASK}", text)
    return _USER_INFO.sub(rf"\g<1>{MASK}@", text) if "@" in text else text


def redact_body(body: bytes, secrets: Iterable[str] = ()) -> bytes:
    """A body without known secrets; all else stays, byte for byte."""
    for spelling in _spellings(secrets):
        body = body.replace(spelling.encode(), MASK.encode())
    return body


def redact_headers(headers: Mapping[str, str], secrets: Iterable[str] = (), strict: bool = False) -> dict[str, str]:
    """Headers (lower-case names) without secrets; cookies lose their values."""
    known = tuple(secrets)
    return {name: MASK if name in _SECRET_HEADERS else redact_text(value, known, strict) for name, value in headers.items()}


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Every way a secret may be written, longest first."""
    found = set()
    for value in secrets:
        if len(value) >= _SHORTEST_SECRET:
            found |= {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1]}
    return sorted(found, key=len, reverse=True)
