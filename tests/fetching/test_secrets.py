"""Secrets on the way out and back: used, refreshed, never seen in an answer or a log."""

from __future__ import annotations

import json
import logging

import pytest

from collectors.auth import Bearer, Header, JsonField, OAuth2, Query, Session, Sign
from collectors.limits import Allowance
from collectors.source import Request
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import in_turn, ok, redirect, reset, serve, status

SECRET = "tok-3n-0f-a-client"


def echo():
    """Says back all that it was told, as debugging servers do."""

    async def script(seen):
        said = json.dumps([seen.path, seen.headers, seen.body.decode()]).encode()
        await ok(said, {"X-Echo": seen.path, "Set-Cookie": "sid=abcdef"})(seen)

    return script


@pytest.mark.parametrize(
    "auth",
    [
        Bearer(),
        Header("X-Key"),
        Query("access_token"),
        Query("k"),
        JsonField("token"),
        Sign("sig", key="token", public={"app": "token"}),
    ],
    ids=repr,
)
async def test_g31_a_secret_that_comes_back_is_removed_everywhere(fetcher_with, auth, caplog):
    caplog.set_level(logging.DEBUG)
    request = {"method": "POST", "body": {"q": "tea"}} if isinstance(auth, JsonField) else {}
    scripts = {"/": in_turn(status(500), redirect("/echo?from=" + SECRET)), "/echo": echo()}
    async with serve(scripts) as server, fetcher_with() as fetcher:
        url = server.url("/")
        answer = await ask(fetcher, url, Request(url=url, **request), source_with(auth=auth), secret=lambda key: SECRET)

    assert SECRET in repr(server.seen[0])
    assert (answer.http_status, answer.error) == (200, "")
    assert SECRET not in repr(answer)
    assert SECRET not in caplog.text
    assert "abcdef" not in repr(answer)


async def test_g31_a_secret_is_removed_from_errors(fetcher_with):
    async with serve({"/": reset()}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), source=source_with(auth=Query("k")), secret=lambda key: SECRET)
        refused = await ask(fetcher, server.url("/"), source=source_with(auth=Header("X-Key")), secret=lambda key: SECRET + "\n")

    assert SECRET not in repr(answer)
    assert SECRET not in repr(refused)


async def test_a_source_without_its_secret_is_told_what_to_set(fetcher_with):
    async with serve({}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), source=source_with(auth=Bearer()), account="north", secret=lambda key: None)

    assert answer.error == "credentials"
    assert "DOZOR_TEST_SITE_NORTH_TOKEN" in answer.error_detail
    assert server.seen == []


def token(value, seconds=3600):
    return ok(json.dumps({"access_token": value, "expires_in": seconds}).encode(), {"Content-Type": "application/json"})


async def test_a_token_is_earned_once_and_again_after_a_401(fetcher_with):
    scripts = {"/token": in_turn(token("first-token"), token("second-token")), "/": in_turn(ok(), ok(), status(401), ok())}
    async with serve(scripts) as server, fetcher_with() as fetcher:
        source = source_with(auth=OAuth2(server.url("/token")))
        answers = [await ask(fetcher, server.url("/"), source=source, secret=lambda key: SECRET) for _ in range(3)]

    assert [answer.http_status for answer in answers] == [200, 200, 200]
    assert [seen.headers.get("authorization") for seen in server.seen if seen.path == "/"] == [
        "Bearer first-token",
        "Bearer first-token",
        "Bearer first-token",
        "Bearer second-token",
    ]
    assert server.paths().count("/token") == 2


async def test_a_login_that_fails_says_so_without_the_secret(fetcher_with):
    refusal = ok(json.dumps({"error": "invalid_client", "error_description": f"unknown client {SECRET}"}).encode(), code=400)
    async with serve({"/token": refusal, "/": ok()}) as server, fetcher_with() as fetcher:
        source = source_with(auth=OAuth2(server.url("/token")))
        answer = await ask(fetcher, server.url("/"), source=source, secret=lambda key: SECRET)

    assert answer.error == "credentials"
    assert "unknown client ***" in answer.error_detail
    assert server.paths() == ["/token"]


async def test_a_session_cookie_is_sent_and_accounts_do_not_share_it(fetcher_with):
    async def login(seen):
        await ok(b"{}", {"Set-Cookie": f"sid={json.loads(seen.body)['name']}; Path=/"})(seen)

    async with serve({"/login": login, "/": ok()}) as server, fetcher_with() as fetcher:
        source = source_with(auth=Session(server.url("/login"), body={"name": "{name}"}))
        for account in ("north", "south", "north"):
            await ask(fetcher, server.url("/"), source=source, account=account, secret=lambda key, who=account: f"login-{who}")

    assert [seen.headers.get("cookie") for seen in server.seen if seen.path == "/"] == [
        "sid=login-north",
        "sid=login-south",
        "sid=login-north",
    ]
    assert server.paths().count("/login") == 2


async def test_a_login_is_tried_again_and_its_failure_costs_no_money(fetcher_with, limits):
    limits.allow("test_site", None, Allowance(money=1.0))
    scripts = {"/token": in_turn(status(503), token("late-token")), "/dead": reset(), "/": ok()}
    async with serve(scripts) as server, fetcher_with() as fetcher:
        request = Request(url=server.url("/"), price=1.0)
        dead = source_with(auth=OAuth2(server.url("/dead")))
        failed = await ask(fetcher, server.url("/"), request, dead, secret=lambda key: SECRET)
        spent = limits.spent("test_site", None)
        alive = source_with(auth=OAuth2(server.url("/token")))
        answer = await ask(fetcher, server.url("/"), request, alive, secret=lambda key: SECRET)

    assert (failed.error, failed.spent, spent) == ("connect", 0.0, 0.0)
    assert "the login of test_site failed" in failed.error_detail
    assert (answer.error, answer.spent) == ("", 1.0)
