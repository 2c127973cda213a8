"""Redirects: followed within bounds, never with a secret to another host. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio

import pytest

from collectors.auth import Header, Query
from collectors.exchange import Exchange, redirect_target
from collectors.failures import FetchError
from collectors.source import Request
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import in_turn, ok, redirect, serve, status


async def test_a_redirect_is_followed_and_recorded(fetcher_with):
    scripts = {"/old": redirect("/new?x=1#part", 301), "/new": ok()}
    async with serve(scripts) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/old"))

    assert answer.body == b"hello"
    assert (answer.url, answer.final_url) == (server.url("/old"), server.url("/new?x=1"))
    assert answer.redirects == (f"301 {server.url('/old')}",)


@pytest.mark.parametrize(
    ("scripts", "says"),
    [
        pytest.param({"/": redirect("/")}, "in a circle", id="r24-to-itself"),
        pytest.param({"/": redirect("/b"), "/b": redirect("/")}, "in a circle", id="r24-loop"),
        pytest.param({"/": redirect("/1"), **{f"/{n}": redirect(f"/{n + 1}") for n in range(50)}}, "more than 5", id="r25-chain"),
        pytest.param({"/": status(302)}, "without saying where", id="r26-no-location"),
        pytest.param({"/": redirect("")}, "without saying where", id="r26-empty-location"),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_refused(fetcher_with, scripts, says):
    async with serve(scripts) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.body, answer.attempt) == ("redirect", None, 1)
    assert says in answer.error_detail
    assert len(server.seen) <= 6


@pytest.mark.parametrize(
    ("location", "path"),
    [("../b", "/b"), ("?q", "/a/?q"), ("./c/../../b", "/b"), ("\\b", "/b"), (" /b ", "/b"), ("/b\t", "/b"), ("/a b", "/a%20b")],
)
async def test_r27_odd_relative_redirects_are_read_as_browsers_do(fetcher_with, location, path):
    async with (
        serve({"/a/": in_turn(redirect(location), ok()), path.partition("?")[0]: ok()}) as server,
        fetcher_with() as fetcher,
    ):
        if path.startswith("/a/"):
            server.scripts["/a/"] = in_turn(redirect(location), ok())
        answer = await ask(fetcher, server.url("/a/"))

    assert server.paths()[-1] == path
    assert answer.body == b"hello"


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "data:text/html,hi", "javascript:alert(1)", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "http://[::1"],
)
async def test_r28_a_redirect_away_from_the_web_is_refused(fetcher_with, location):
    async with serve({"/": redirect(location)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == "scheme"


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://0x7f.2/",
        "http://localhost/",
        "http://metadata.google.internal/",
        "//192.168.0.1/admin",
    ],
)
@pytest.mark.parametrize("hops", [1, 3])
async def test_r29_a_redirect_to_a_private_address_is_refused_at_every_hop(fetcher_with, location, hops):
    chain = {f"/{n}": redirect(f"/{n + 1}") for n in range(hops - 1)}
    async with serve({**chain, f"/{hops - 1}": redirect(location)}) as server:
        fetcher = fetcher_with(allow_private_hosts=frozenset({"127.0.0.1"}))
        async with fetcher:
            answer = await ask(fetcher, server.url("/0"))

    assert answer.error == "guard"
    assert len(answer.redirects) == hops


@pytest.mark.parametrize("auth", [Header("X-Api-Key"), Query("access_token")])
async def test_r30_no_secret_crosses_to_another_host(fetcher_with, auth):
    async with serve({"/": ok()}) as other, fetcher_with() as fetcher:
        scripts = {"/": redirect(other.url("/")), "/same": redirect("/")}
        async with serve(scripts) as server:
            request = Request(
                url=server.url("/same"),
                headers={
                    "Authorization": "Basic c2VjcmV0",
                    "Cookie": "sid=secret-cookie",
                    "X-Custom": "secret-custom",
                    "Accept-Language": "ru",
                },
            )
            answer = await ask(fetcher, server.url("/same"), request, source_with(auth=auth), secret=lambda key: "secret-token")

    assert answer.final_url == other.url("/")
    seen = other.seen[0]
    assert "secret" not in repr((seen.path, seen.headers))
    assert "c2VjcmV0" not in repr(seen.headers)
    assert seen.headers["accept-language"] == "ru"
    assert server.seen[1].headers["x-custom"] == "secret-custom"  # same host


def test_r31_from_https_to_http_is_refused():
    exchange = Exchange("https://shop.example/a", status=302, headers={"location": "http://shop.example/a"})

    with pytest.raises(FetchError) as caught:
        redirect_target(exchange)

    assert caught.value.kind == "downgrade"


@pytest.mark.parametrize(
    ("code", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"q=tea"), (308, "POST", b"q=tea")],
)
async def test_r32_what_becomes_of_a_post(fetcher_with, code, method, body):
    async with serve({"/": redirect("/b", code), "/b": ok()}) as server, fetcher_with() as fetcher:
        await ask(fetcher, server.url("/"), Request(url=server.url("/"), method="POST", body="q=tea"))

    assert (server.seen[1].method, server.seen[1].body) == (method, body)


async def test_r32_a_body_is_never_sent_to_another_host(fetcher_with):
    async with serve({"/": ok()}) as other, serve({"/": redirect(other.url("/"), 307)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), Request(url=server.url("/"), method="POST", body={"q": "tea"}))

    assert answer.error == "redirect"
    assert other.seen == []


async def test_r33_a_redirect_by_markup_is_not_followed(fetcher_with):
    page = b'<meta http-equiv="refresh" content="0; url=/b">'
    async with serve({"/": ok(page), "/b": ok()}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.body == page
    assert server.paths() == ["/"]


async def test_a_cookie_lives_for_the_chain_of_redirects_only(fetcher_with):
    gate = in_turn(redirect("/", 302, {"Set-Cookie": "seen=1; Path=/"}), ok(b"in"))
    async with serve({"/": gate}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))
        await ask(fetcher, server.url("/"))

    assert answer.body == b"in"
    assert [seen.headers.get("cookie") for seen in server.seen] == [None, "seen=1", None]
    assert answer.headers.get("set-cookie") is None


async def test_r85_a_redirect_is_followed_only_where_we_may_ask(fetcher_with):
    async def may_ask(url):
        await asyncio.sleep(0)
        return "on the list of those who do not want it" if url.endswith("/no") else ""

    async with serve({"/": redirect("/no"), "/no": ok()}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), may_ask=may_ask)

    assert (answer.error, server.paths()) == ("scope", ["/"])
    assert "do not want it" in answer.error_detail


async def test_a_redirect_to_a_host_that_is_down_has_no_status(fetcher_with):
    async with serve({}) as gone:
        dead = gone.url("/")
    async with serve({"/": redirect(dead)}) as server, fetcher_with(tries=1) as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.http_status, answer.final_url, answer.headers) == ("connect", None, dead, {})
    assert answer.redirects == (f"302 {server.url('/')}",)
