"""Secrets: applied to requests, named when missing, never kept."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from collectors.auth import (
    Bearer,
    Header,
    JsonField,
    MissingCredentialsError,
    OAuth2,
    Parts,
    Query,
    Secrets,
    Session,
    Sign,
    apply,
    earn,
    from_environment,
    login,
    missing_credentials,
    parse_cookie,
    variable,
)
from collectors.redaction import redact_body, redact_headers, redact_text

VALUES = {
    "token": "s3cr3t-token",
    "secret": "s3cr3t-key",
    "app": "app-1",
    "client_id": "me",
    "client_secret": "cs-12345",
    "refresh_token": "rt-12345",
}
URL = "https://api.example/v1/posts?b=2&a=1"


def applied(auth, parts=None):
    return apply(auth, parts or Parts("GET", URL), Secrets(VALUES.get))


def test_the_simple_kinds():
    assert applied(Bearer()).headers == {"authorization": "Bearer s3cr3t-token"}
    assert applied(Bearer(scheme="OAuth")).headers == {"authorization": "OAuth s3cr3t-token"}
    assert applied(Header("X-Api-Key")).headers == {"x-api-key": "s3cr3t-token"}
    assert applied(Query("access_token")).url == URL + "&access_token=s3cr3t-token"
    sent = applied(JsonField("token"), Parts("POST", URL, {}, b'{"method": "get"}'))
    assert json.loads(sent.body) == {"method": "get", "token": "s3cr3t-token"}
    assert applied(None).headers == {}


def test_a_signature_is_a_keyed_hash_over_the_request():
    sent = applied(Sign("sig", public={"app_key": "app"}), Parts("POST", URL, {}, b"body"))

    text = b"POST\n/v1/posts\na=1&app_key=app-1&b=2\nbody"
    assert sent.url == f"{URL}&app_key=app-1&sig={hmac.new(b's3cr3t-key', text, 'sha256').hexdigest()}"


def test_a_plain_hash_over_parameters_and_secret():
    sent = applied(Sign("X-Sig", algorithm="md5", template="{params}{secret}", is_keyed=False, place="header"))

    assert sent.headers == {"x-sig": hashlib.md5(b"a=1b=2s3cr3t-key").hexdigest()}


def test_oauth_asks_for_a_token_by_refresh_token_or_credentials():
    parts = login(OAuth2("https://auth.example/token", extra={"scope": "ads"}), Secrets(VALUES.get))
    assert parts.body == b"grant_type=refresh_token&scope=ads&client_id=me&client_secret=cs-12345&refresh_token=rt-12345"

    basic = OAuth2("https://auth.example/token", grant="client_credentials", has_basic=True)
    parts = login(basic, Secrets(VALUES.get))
    assert parts.headers["authorization"] == "Basic bWU6Y3MtMTIzNDU="
    assert parts.body == b"grant_type=client_credentials"


def test_what_a_token_answer_earns():
    auth = OAuth2("https://auth.example/token")

    earned = earn(auth, auth.token_url, b'{"access_token": "at-1", "expires_in": 120}', [])
    assert (earned.headers_for(URL), earned.seconds) == ({"authorization": "Bearer at-1"}, 120.0)
    with pytest.raises(ValueError, match="no access token: invalid_grant"):
        earn(auth, auth.token_url, b'{"error": "invalid_grant"}', [])
    with pytest.raises(ValueError, match="Expecting value"):
        earn(auth, auth.token_url, b"<html>", [])


def test_a_session_earns_cookies_or_a_token():
    by_token = Session(
        "https://api.example/login", body={"login": "{client_id}", "password": "{client_secret}"}, token_field="data.jwt"
    )
    assert json.loads(login(by_token, Secrets(VALUES.get)).body) == {"login": "me", "password": "cs-12345"}
    assert earn(by_token, by_token.login_url, b'{"data": {"jwt": "j-1"}}', []).headers == {"authorization": "Bearer j-1"}

    by_cookie = Session("https://api.example/login")
    earned = earn(by_cookie, by_cookie.login_url, b"", ["sid=1; Path=/; HttpOnly", "lang=ru; Domain=.api.example"])
    assert earned.headers_for(URL) == {"cookie": "sid=1; lang=ru"}
    assert earned.headers_for("https://www.api.example/") == {"cookie": "lang=ru"}
    assert earned.headers_for("https://evil.example/") == {}


@pytest.mark.parametrize("domain", ["com", "co.uk", ".co.uk", "evil.example", "api.shop.co.uk.evil.example", "hop.co.uk"])
def test_r45_a_cookie_for_more_than_its_own_domain_is_not_kept(domain):
    assert parse_cookie(f"sid=1; Domain={domain}", "www.shop.co.uk") is None


def test_missing_secrets_are_named_with_what_mends_them():
    missing = missing_credentials("meta_ads", OAuth2("https://auth.example"), "north-tea", {"client_id": "me"}.get)

    assert [line.partition(",")[0] for line in missing] == [
        "meta_ads needs client_secret: set DOZOR_META_ADS_NORTH_TEA_CLIENT_SECRET",
        "meta_ads needs refresh_token: set DOZOR_META_ADS_NORTH_TEA_REFRESH_TOKEN",
    ]
    assert missing[0].endswith("or client_secret in the Airflow connection dozor_meta_ads_north-tea")
    assert missing_credentials("site", None, None, {}.get) == []
    with pytest.raises(MissingCredentialsError):
        apply(Bearer(), Parts("GET", URL), Secrets({}.get))


def test_secrets_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(variable("meta_ads", None, "token"), "one")
    monkeypatch.setenv("DOZOR_META_ADS_NORTH_TEA_TOKEN", "two")

    assert from_environment("meta_ads")("token") == "one"
    assert from_environment("meta_ads", "north-tea")("token") == "two"
    assert from_environment("meta_ads")("other") is None


SECRET = "p@ss/w0rd+&=é"


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.example/?q=1&x={SECRET}",
        "https://api.example/?x=p%40ss%2Fw0rd%2B%26%3D%C3%A9",
        "https://api.example/?x=p%40ss/w0rd%2B%26%3D%C3%A9#f",
        f'{{"x": "{SECRET}"}}',
        '{"x": "p@ss/w0rd+&=\\u00e9"}',
        f"could not send 'Authorization: Bearer {SECRET}'",
    ],
)
def test_r228_known_secrets_are_removed_however_they_are_written(text):
    cleaned = redact_text(text, [SECRET])

    assert "w0rd" not in cleaned
    assert "***" in cleaned
    assert b"w0rd" not in redact_body(text.encode(), [SECRET])


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("https://a.example/?access_token=abc&page=2", "https://a.example/?access_token=***&page=2"),
        ("https://a.example/?page=2&API_KEY=abc#x", "https://a.example/?page=2&API_KEY=***#x"),
        ("https://a.example/?sig=abc&password=d&client_secret=e", "https://a.example/?sig=***&password=***&client_secret=***"),
        ("https://a.example/#access_token=abc", "https://a.example/#access_token=***"),
        ("https://user:pass@a.example/", "https://***@a.example/"),
        ("https://a.example/?key=12&token=x&hash=y", "https://a.example/?key=12&token=x&hash=y"),
        ("https://a.example/?monkey=1&pagesig=2", "https://a.example/?monkey=1&pagesig=2"),
    ],
)
def test_r228_telling_names_are_masked(url, cleaned):
    assert redact_text(url) == cleaned


def test_a_source_that_authenticates_is_masked_more_strictly():
    assert redact_text("https://a.example/?key=12&token=x", strict=True) == "https://a.example/?key=***&token=***"


def test_headers_lose_cookies_and_credentials():
    headers = {"set-cookie": "sid=1", "authorization": "Bearer x", "location": "/?access_token=abc", "etag": "abc"}

    assert redact_headers(headers) == {
        "set-cookie": "***",
        "authorization": "***",
        "location": "/?access_token=***",
        "etag": "abc",
    }


def test_short_secrets_do_not_blot_out_text():
    assert redact_body(b"<b>1</b>", ["1", "b"]) == b"<b>1</b>"
