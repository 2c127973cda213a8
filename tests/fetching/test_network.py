"""Connections that fail, hang, drip or lie. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio
import time
from socket import gaierror

import pytest

from collectors import connect
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import drip, flood, hang, in_turn, ok, raw, reset, serve, status

PUBLIC = "93.184.215.14"  # never connected to: the resolver of the test gives loopback addresses for real connections


def resolver(names):
    async def resolve(host, port):
        found = names[host]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, float):
            await asyncio.sleep(found)
            return []
        return list(found)

    return resolve


async def test_a_good_answer_comes_back_whole(fetcher_with):
    async with serve({"/": ok("привет".encode(), {"X-Shop": "tea"})}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == ""
    assert (answer.http_status, answer.media_type, answer.charset) == (200, "text/html", "utf-8")
    assert answer.body == "привет".encode()
    assert answer.headers["x-shop"] == "tea"
    assert "referer" not in server.seen[0].headers
    assert server.seen[0].headers["user-agent"].startswith("dozor/")


async def test_a_host_is_asked_under_the_name_that_browsers_know_it_by(fetcher_with):
    names = {"xn--i-7iq.ws": ["127.0.0.1"]}  # stricter readers of such names (IDNA 2008) refuse a heart
    async with serve({"/": ok()}) as server, fetcher_with(resolve=resolver(names)) as fetcher:
        answer = await ask(fetcher, server.url("/", "i❤.ws"))

    assert (answer.error, server.seen[0].headers["host"].partition(":")[0]) == ("", "xn--i-7iq.ws")


async def test_r1_a_name_without_address_is_asked_for_twice_and_costs_no_other_host(fetcher_with):
    names = {"gone.example": gaierror(-2, "Name or service not known"), "shop.example": ["127.0.0.1"]}
    async with serve({"/": ok()}) as server, fetcher_with(resolve=resolver(names)) as fetcher:
        gone, shop = await asyncio.gather(ask(fetcher, "http://gone.example/"), ask(fetcher, server.url("/", "shop.example")))

    assert (gone.error, gone.attempt) == ("dns", 2)
    assert "gone.example has no address" in gone.error_detail
    assert shop.error == ""


async def test_r2_a_name_that_is_not_resolved_in_time(fetcher_with, monkeypatch):
    monkeypatch.setattr(connect, "DNS_SECONDS", 0.2)
    async with fetcher_with(resolve=resolver({"slow.example": 30.0})) as fetcher:
        started = time.monotonic()
        answer = await ask(fetcher, "http://slow.example/")

    assert answer.error == "dns_timeout"
    assert time.monotonic() - started < 2


async def test_r3_all_addresses_of_a_name_are_checked_and_few_are_tried(fetcher_with):
    many = [f"127.0.1.{n}" for n in range(1, 50)]  # nothing listens there
    async with serve({"/": ok()}) as server, fetcher_with(tries=1, resolve=resolver({"many.example": many})) as fetcher:
        started = time.monotonic()
        answer = await ask(fetcher, server.url("/", "many.example"))
        assert answer.error == "connect"
        assert time.monotonic() - started < 2

    denied = [PUBLIC] * 49 + ["10.0.0.7"]
    async with fetcher_with(allow_private_hosts=False, resolve=resolver({"many.example": denied})) as fetcher:
        answer = await ask(fetcher, "http://many.example/")
        assert answer.error == "guard"
        assert "10.0.0.7: private" in answer.error_detail


async def test_r4_a_closed_port_is_tried_three_times(fetcher_with):
    async with serve({}) as server:
        url = server.url("/")
    async with fetcher_with() as fetcher:
        answer = await ask(fetcher, url)

    assert (answer.error, answer.attempt) == ("connect", 3)


async def test_r4_a_connection_that_is_reset_heals_on_the_second_try(fetcher_with):
    async with serve({"/": in_turn(reset(), ok())}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.attempt, answer.body) == ("", 2, b"hello")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(reset(HEAD + b"Content-Length: 100\r\n\r\nhalf"), "reset", id="r5-reset-mid-body"),
        pytest.param(raw(HEAD + b"Content-Length: 100\r\n\r\nhalf", close=True), "truncated", id="r6-length-longer"),
        pytest.param(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"), "protocol", id="r8-bad-chunk-size"),
        pytest.param(
            raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", close=True), "truncated", id="r8-no-last-chunk"
        ),
        pytest.param(
            raw(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            "protocol",
            id="r9-length-and-chunks",
        ),
        pytest.param(raw(b"hello there\r\n\r\n", close=True), "protocol", id="not-http"),
        pytest.param(raw(b"", close=True), "reset", id="closed-without-answer"),
        pytest.param(raw(HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello"), "protocol", id="two-lengths"),
    ],
)
async def test_a_broken_answer_is_named_and_never_taken_for_content(fetcher_with, script, kind):
    async with serve({"/": script, "/good": ok()}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))
        good = await ask(fetcher, server.url("/good"))

    assert (answer.error, answer.body) == (kind, None)
    assert answer.attempt > 1
    assert answer.error_detail
    assert good.body == b"hello"


async def test_r7_bytes_beyond_the_announced_length_never_reach_the_next_answer(fetcher_with):
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    scripts = {"/": raw(HEAD + b"Content-Length: 5\r\n\r\nhello" + forged), "/next": ok(b"genuine")}
    async with serve(scripts) as server, fetcher_with() as fetcher:
        first = await ask(fetcher, server.url("/"))
        following = await ask(fetcher, server.url("/next"))

    assert first.body == b"hello"
    assert following.body == b"genuine"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(drip(b"X-Drip: 1\r\n", head=b"HTTP/1.1 200 OK\r\n"), id="r10-headers"),
        pytest.param(drip(b"x", head=HEAD + b"Content-Length: 100000\r\n\r\n"), id="r11-body"),
        pytest.param(hang(), id="no-answer"),
        pytest.param(drip(b"HTTP/1.1 100 Continue\r\n\r\n"), id="r23-interim-answers"),
    ],
)
async def test_a_slow_answer_ends_at_the_deadline(fetcher_with, script):  # G-10
    async with serve({"/": script}) as server, fetcher_with(total_timeout=0.6, tries=1) as fetcher:
        started = time.monotonic()
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == "timeout"
    assert "did not finish its answer in 0.6 s" in answer.error_detail
    assert time.monotonic() - started < 1.6


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(flood(b"X-Flood: " + b"y" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"), id="r12-endless"),
        pytest.param(raw(HEAD + b"X-Large: " + b"y" * 2**20 + b"\r\n\r\n"), id="r13-one-mebibyte"),
        pytest.param(raw(HEAD + b"Set-Cookie: a=bcdefgh\r\n" * 10_000 + b"\r\n"), id="r14-ten-thousand-cookies"),
    ],
)
async def test_headers_without_measure_are_refused(fetcher_with, script):
    async with serve({"/": script}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.attempt) == ("header_limit", 1)


async def test_r15_an_endless_body_is_cut_at_the_limit(fetcher_with):
    async with serve({"/": flood(b"<p>tea</p>" * 1000, HEAD + b"\r\n")}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), source=source_with(max_body=200_000))

    assert (answer.error, answer.body, answer.attempt) == ("too_large", None, 1)
    assert answer.head.startswith(b"<p>tea")


async def test_r49_a_body_that_announces_to_be_too_large_is_not_read(fetcher_with):
    huge = raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2000000000\r\n\r\n")
    async with serve({"/": huge}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == "too_large"
    assert "2000000000" in answer.error_detail


@pytest.mark.parametrize("code", [204, 205, 299, 404, 410, 418, 999])
async def test_r23_odd_statuses_are_answers(fetcher_with, code):
    script = raw(b"HTTP/1.1 204 None\r\n\r\n") if code == 204 else status(code)
    async with serve({"/": script}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.error, answer.attempt) == (code, "", 1)


async def test_r23_a_part_that_was_not_asked_for_is_not_the_whole(fetcher_with):
    async with serve({"/": ok(b"part", {"Content-Range": "bytes 0-3/100"}, 206)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.body) == ("truncated", None)


async def test_r36_proxies_of_the_environment_are_ignored(fetcher_with, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with serve({"/": ok()}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.body == b"hello"


async def test_connections_are_kept_for_the_next_page(fetcher_with):
    async with serve({"/a": ok(), "/b": ok()}) as server, fetcher_with() as fetcher:
        for path in ("/a", "/b", "/a"):
            await ask(fetcher, server.url(path))

    assert server.connections == 1


async def test_a_kept_connection_that_the_server_closed_is_not_used(fetcher_with):
    async with serve({"/": raw(HEAD + b"Content-Length: 5\r\n\r\nhello", close=True)}) as server, fetcher_with() as fetcher:
        for _ in range(3):
            answer = await ask(fetcher, server.url("/"))
            await asyncio.sleep(0.02)
            assert (answer.body, answer.attempt) == (b"hello", 1)


async def test_many_questions_to_one_host_share_its_few_connections(fetcher_with):
    async def slow(seen):
        await asyncio.sleep(0.02)
        await ok()(seen)

    async with serve({"/": slow}) as server, fetcher_with() as fetcher:
        answers = await asyncio.gather(*(ask(fetcher, server.url("/")) for _ in range(3 * connect.CONNECTIONS_PER_HOST)))

    assert [answer.body for answer in answers] == [b"hello"] * len(answers)
    assert server.connections == connect.CONNECTIONS_PER_HOST


async def test_what_fails_or_is_cancelled_takes_no_connection_from_later_questions(fetcher_with):
    broken = reset(HEAD + b"Content-Length: 100\r\n\r\nhalf")
    async with serve({"/broken": broken, "/reset": reset(), "/hangs": hang(), "/": ok()}) as server, fetcher_with() as fetcher:
        for path in ("/broken", "/", "/reset", "/") * 3:
            answer = await ask(fetcher, server.url(path))
            assert answer.error == ("" if path == "/" else "reset")
        tasks = [asyncio.ensure_future(ask(fetcher, server.url("/hangs"))) for _ in range(2 * connect.CONNECTIONS_PER_HOST)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        answers = await asyncio.gather(*(ask(fetcher, server.url("/")) for _ in range(connect.CONNECTIONS_PER_HOST)))

    assert [answer.body for answer in answers] == [b"hello"] * connect.CONNECTIONS_PER_HOST


async def test_cancelling_lets_the_next_one_ask(fetcher_with):
    async with serve({"/": in_turn(hang(), ok())}) as server, fetcher_with() as fetcher:
        paced = source_with(pace_seconds=0.01)
        task = asyncio.ensure_future(ask(fetcher, server.url("/"), source=paced))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer = await ask(fetcher, server.url("/"), source=paced)

    assert answer.body == b"hello"
