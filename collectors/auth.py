"""How a source's secret is applied to a request, after its fingerprint is taken, and kept out of everything stored.

A source declares one of the kinds below and names the secrets it needs by key ("token"); their values are looked up by (source,
account) when a request is sent, and remembered for as long as the request lasts, so that `redaction` can take them out of what
comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from collectors.urls import host_of, registrable_domain

Lookup = Callable[[str], str | None]  # key -> secret


class Bearer(NamedTuple):
    """`Authorization: Bearer <secret>`."""

    key: str = "token"
    scheme: str = "Bearer"  # some services say "OAuth" or "Api-Key"


class Header(NamedTuple):
    """The secret as a header."""

    name: str
    key: str = "token"


class Query(NamedTuple):
    """The secret as a query parameter."""

    name: str
    key: str = "token"


class JsonField(NamedTuple):
    """The secret as a top-level field of the JSON body."""

    name: str
    key: str = "token"


class OAuth2(NamedTuple):
    """A short-lived access token fetched from `token_url` (RFC 6749): by refresh token, or by client credentials.

    Needs the secrets client_id and client_secret, and refresh_token for that grant. The token lives in memory only.
    """

    token_url: str
    grant: Literal["refresh_token", "client_credentials"] = "refresh_token"
    scheme: str = "Bearer"
    has_basic: bool = False  # the client's name and secret as HTTP Basic instead of form fields
    client_id_name: str = "client_id"  # some services call it client_key
    extra: Mapping[str, str] = {}  # further form fields: scope, resource


class Session(NamedTuple):
    """A login request that answers with a cookie or a token, sent with every request after it.

    `body` is the JSON value of the login; "{key}" in its strings stands for the secret of that key. The answer's cookies are sent
    back where they belong; with `token_field` (dots lead into the JSON answer) its value is sent as `header` instead.
    """

    login_url: str
    body: Mapping[str, str] = {}
    token_field: str = ""
    header: str = "authorization"
    scheme: str = "Bearer"


class Sign(NamedTuple):
    """A signature over the request, in hex, as the parameter or header `name`.

    `template` is what is signed; it may use {method}, {path}, {query} (parameters sorted, encoded, joined by &), {params} (the
    same, joined by nothing), {body} and {secret}. `public` maps further parameters to secrets sent in the clear (an application
    key).
    """

    name: str
    key: str = "secret"
    algorithm: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    template: str = "{method}\n{path}\n{query}\n{body}"
    is_keyed: bool = True  # HMAC with the secret; False: a plain hash, the secret stands in the template
    public: Mapping[str, str] = {}
    place: Literal["query", "header"] = "query"


Auth = Bearer | Header | Query | JsonField | OAuth2 | Session | Sign


class MissingCredentialsError(Exception):
    """A secret that a source needs is not set."""


class Secrets:
    """Secrets of one source and account, remembered as they are looked up."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.known: set[str] = set()

    def __getitem__(self, key: str) -> str:
        value = self._lookup(key)
        if not value:
            raise MissingCredentialsError(key)
        self.known.add(value)
        return value

    def remember(self, value: str) -> None:
        """A secret that was earned, not looked up."""
        self.known.add(value)


@dataclass(frozen=True, slots=True)
class Parts:
    """A request on its way out; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Cookie(NamedTuple):
    """A cookie of a login."""

    name: str
    value: str
    domain: str
    is_host_only: bool

    def goes_to(self, host: str) -> bool:
        return host == self.domain or (not self.is_host_only and host.endswith("." + self.domain))


class Earned(NamedTuple):
    """What a login earned."""

    headers: Mapping[str, str] = {}
    cookies: tuple[Cookie, ...] = ()
    seconds: float = 3600.0  # how long it lives

    def headers_for(self, url: str) -> dict[str, str]:
        host = host_of(url)
        pairs = [f"{cookie.name}={cookie.value}" for cookie in self.cookies if cookie.goes_to(host)]
        return {**self.headers, "cookie": "; ".join(pairs)} if pairs else dict(self.headers)


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
        f"{source} needs {key}: set {variable(source, account, key)}, or {key} in the Airflow connection {connection}"
        for key in needed_keys(auth)
        if not lookup(key)
    ]


def apply(auth: Auth | None, parts: Parts, secrets: Secrets, earned: Earned | None = None) -> Parts:
    """The request with its secret. OAuth2 and Session need what a login `earned`."""
    match auth:
        case None:
            return parts
        case Bearer(key=key, scheme=scheme):
            return _with_headers(parts, {"authorization": f"{scheme} {secrets[key]}"})
        case Header(name=name, key=key):
            return _with_headers(parts, {name.lower(): secrets[key]})
        case Query(name=name, key=key):
            return _with_params(parts, {name: secrets[key]})
        case JsonField(name=name, key=key):
            value = json.loads(parts.body or b"{}")
            if not isinstance(value, dict):
                raise TypeError(f"the secret goes into a JSON object, and the body is a {type(value).__name__}")
            return replace(parts, body=json.dumps(value | {name: secrets[key]}, ensure_ascii=False).encode())
        case OAuth2() | Session():
            return _with_headers(parts, (earned or Earned()).headers_for(parts.url))
        case Sign():
            return _signed(auth, parts, secrets)


def login(auth: OAuth2 | Session, secrets: Secrets) -> Parts:
    """The request that earns a token or a session. Its answer is never archived."""
    if isinstance(auth, Session):
        filled = {name: _PLACES.sub(lambda place: secrets[place.group(1)], text) for name, text in auth.body.items()}
        return Parts("POST", auth.login_url, {"content-type": "application/json"}, json.dumps(filled).encode())
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    form = {"grant_type": auth.grant, **auth.extra}
    client_id, client_secret = secrets["client_id"], secrets["client_secret"]
    if auth.has_basic:
        basic = b64encode(f"{client_id}:{client_secret}".encode()).decode()
        secrets.remember(basic)
        headers["authorization"] = f"Basic {basic}"
    else:
        form |= {auth.client_id_name: client_id, "client_secret": client_secret}
    if auth.grant == "refresh_token":
        form["refresh_token"] = secrets["refresh_token"]
    return Parts("POST", auth.token_url, headers, urlencode(form).encode())


def earn(auth: OAuth2 | Session, url: str, body: bytes, set_cookies: Iterable[str]) -> Earned:
    """What an answer to `login` from `url` earns; raises ValueError for one that earns nothing.

    A cookie for a domain that is not the login's own, or that is a public suffix, is not kept.
    """
    if isinstance(auth, OAuth2):
        answer = _json_object(body)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            reason = answer.get("error_description") or answer.get("error") or "no reason given"
            raise ValueError(f"no access token: {str(reason)[:200]}")
        seconds = answer.get("expires_in")
        lifetime = float(seconds) if isinstance(seconds, int | float) else 3600.0
        return Earned({"authorization": f"{auth.scheme} {token}"}, seconds=lifetime)
    if auth.token_field:
        value: Any = _json_object(body)
        for name in auth.token_field.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            raise ValueError(f"no {auth.token_field} in the answer to the login")
        return Earned({auth.header.lower(): f"{auth.scheme} {value}".strip()})
    cookies = tuple(cookie for text in set_cookies if (cookie := parse_cookie(text, host_of(url))) is not None)
    if not cookies:
        raise ValueError("no cookie in the answer to the login")
    return Earned(cookies=cookies)


def parse_cookie(text: str, host: str) -> Cookie | None:
    """A Set-Cookie header of `host` (RFC 6265, 5.3); None where the host may not set it."""
    pair, *attributes = text.split(";")
    name, equals, value = pair.partition("=")
    if not equals or not name.strip():
        return None
    domain = next((a.partition("=")[2] for a in attributes if a.partition("=")[0].strip().lower() == "domain"), "").strip()
    domain = domain.removeprefix(".").lower()
    if not domain or domain == host:
        return Cookie(name.strip(), value.strip(), host, is_host_only=not domain)
    if not host.endswith("." + domain) or registrable_domain(domain) is None:
        return None
    return Cookie(name.strip(), value.strip(), domain, is_host_only=False)


_PLACES = re.compile(r"\{(\w+)\}")


def _json_object(body: bytes) -> dict[str, Any]:
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise ValueError("the answer is not a JSON object")  # noqa: TRY004 - what the outside says wrong is a wrong value
    return answer


def _with_headers(parts: Parts, headers: Mapping[str, str]) -> Parts:
    return replace(parts, headers={**parts.headers, **headers})


def _with_params(parts: Parts, params: Mapping[str, str]) -> Parts:
    return replace(parts, url=f"{parts.url}{'&' if '?' in parts.url else '?'}{urlencode(params)}")


def _signed(auth: Sign, parts: Parts, secrets: Secrets) -> Parts:
    if auth.public:
        parts = _with_params(parts, {name: secrets[key] for name, key in auth.public.items()})
    address, _, query = parts.url.partition("?")
    pairs = sorted(query.split("&")) if query else []
    secret = secrets[auth.key]
    text = auth.template.format(
        method=parts.method,
        path="/" + address.partition("://")[2].partition("/")[2],
        query="&".join(pairs),
        params="".join(pairs),
        body=(parts.body or b"").decode("utf-8", "replace"),
        secret=secret,
    ).encode()
    if auth.is_keyed:
        signature = hmac.new(secret.encode(), text, auth.algorithm).hexdigest()
    else:
        signature = hashlib.new(auth.algorithm, text, usedforsecurity=False).hexdigest()
    if auth.place == "header":
        return _with_headers(parts, {auth.name.lower(): signature})
    return _with_params(parts, {auth.name: signature})
