"""Trying again, waiting as told, leaving a host alone. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.failures import LONGEST_WAIT, backoff, retry_after
from collectors.limits import Allowance, Limits
from collectors.source import Fetched, Request
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import hang, in_turn, ok, raw, serve, status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120.0, id="r37-seconds"),
        pytest.param(" 0 ", 0.0, id="r37-zero"),
        pytest.param(format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300.0, id="r38-date"),
        pytest.param(format_datetime(NOW - timedelta(days=400), usegmt=True), 0.0, id="r39-past"),
        pytest.param("315360000", LONGEST_WAIT, id="r40-ten-years"),
        pytest.param("9" * 5000, LONGEST_WAIT, id="r40-five-thousand-digits"),
        pytest.param(format_datetime(NOW + timedelta(days=3650), usegmt=True), LONGEST_WAIT, id="r40-date-in-ten-years"),
        pytest.param("soon", None, id="r41-garbage"),
        pytest.param("-5", None, id="r41-negative"),
        pytest.param("١٢", None, id="r41-arabic-digits"),
        pytest.param("", None, id="r41-empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_retry_after_is_read_as_the_standard_says(value, seconds):
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_survived(value):
    seconds = retry_after(value, NOW)

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_waits_double_with_a_fifth_of_jitter():
    for attempt in range(1, 8):
        assert 0.8 * min(30, 2 ** (attempt - 1)) <= backoff(attempt, 1.0) <= 1.2 * min(30, 2 ** (attempt - 1))


@pytest.mark.parametrize("code", [500, 502, 503, 504])
async def test_a_server_error_heals(fetcher_with, code):
    async with serve({"/": in_turn(status(code), status(code), ok())}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.body, answer.attempt) == (200, b"hello", 3)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
async def test_an_answer_that_will_not_change_is_not_asked_for_again(fetcher_with, code):
    async with serve({"/": status(code)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.attempt, len(server.seen)) == (code, 1, 1)


async def test_r37_retry_after_is_kept_to_by_the_whole_host(fetcher_with):  # G-16
    scripts = {"/": in_turn(status(429, {"Retry-After": "1"}), ok()), "/other": ok()}
    async with serve(scripts) as server, fetcher_with(patience=5) as fetcher:
        first = asyncio.ensure_future(ask(fetcher, server.url("/")))
        await asyncio.sleep(0.2)
        await ask(fetcher, server.url("/other"))
        answer = await first

    assert (answer.http_status, answer.attempt) == (200, 2)
    assert all(seen.at - server.seen[0].at >= 1.0 for seen in server.seen[1:])
    assert server.seen[-1].at - server.seen[0].at < 4.0


async def test_r37_a_pause_holds_in_every_process(fetcher_with, tmp_path):
    async with serve({"/": status(429, {"Retry-After": "600"})}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))
        with Limits(tmp_path / "limits.sqlite") as other_process:
            left = other_process.paused_for(f"127.0.0.1:{server.port}")
        again = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.error, answer.retry_after) == (429, "", 600.0)
    assert 590 < left <= 600
    assert again.error == "paused"
    assert "it answered 429" in again.error_detail
    assert 590 < again.retry_after <= 600
    assert len(server.seen) == 1


async def test_r39_a_past_date_means_now(fetcher_with):
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    async with serve({"/": in_turn(status(503, {"Retry-After": past}), ok())}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.attempt) == (200, 2)


async def test_r40_a_huge_pause_is_cut_to_a_day_and_said_aloud(fetcher_with, caplog):
    async with serve({"/": status(429, {"Retry-After": "315360000"})}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.retry_after == LONGEST_WAIT
    assert "a day or longer" in caplog.text


async def test_r41_garbage_falls_back_to_our_own_wait(fetcher_with):
    async with serve({"/": in_turn(status(503, {"Retry-After": "soon"}), ok())}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.http_status, answer.attempt) == (200, 2)


async def test_r42_a_day_of_maintenance_pauses_the_host(fetcher_with):
    async with serve({"/": status(503, {"Retry-After": "86400"})}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))
        again = await ask(fetcher, server.url("/other"))

    assert (answer.http_status, answer.attempt, again.error) == (503, 1, "paused")


async def test_r44_a_host_that_only_fails_is_left_alone_and_others_run_on(fetcher_with):
    async with serve({"/": status(500)}) as bad, serve({"/": ok()}) as good, fetcher_with() as fetcher:
        answers = [await ask(fetcher, bad.url("/")) for _ in range(6)]
        started = time.monotonic()
        others = [await ask(fetcher, good.url("/")) for _ in range(20)]

    assert len(bad.seen) == 5
    assert [answer.error for answer in answers[2:]] == ["circuit_open"] * 4
    assert "failed 5 times in a row" in answers[2].error_detail
    assert answers[2].retry_after > 0
    assert all(answer.body == b"hello" for answer in others)
    assert time.monotonic() - started < 2


async def test_one_good_answer_closes_the_count(fetcher_with):
    flaky = in_turn(*[status(500), status(500), ok()] * 5)
    async with serve({"/": flaky}) as server, fetcher_with() as fetcher:
        answers = [await ask(fetcher, server.url("/")) for _ in range(5)]

    assert [answer.http_status for answer in answers] == [200] * 5


async def test_a_priced_request_is_not_sent_twice_when_nobody_knows_whether_it_was_charged(fetcher_with, limits):
    limits.allow("test_site", None, Allowance(money=10.0))
    async with serve({"/": hang(), "/ok": ok()}) as server, fetcher_with(total_timeout=0.3) as fetcher:
        request = Request(url=server.url("/"), price=1.5)
        lost = await ask(fetcher, server.url("/"), request)
        again = await ask(fetcher, server.url("/"), request)
        fine = await ask(fetcher, server.url("/ok"), Request(url=server.url("/ok"), price=1.5))

    assert (lost.error, lost.attempt, lost.spent) == ("timeout", 1, 1.5)
    assert (again.error, again.spent) == ("paid", 0.0)
    assert (fine.error, fine.spent) == ("", 1.5)
    assert len(server.seen) == 2
    assert limits.spent("test_site", None) == 3.0


async def test_money_for_what_was_never_sent_is_given_back(fetcher_with, limits):
    limits.allow("test_site", None, Allowance(money=10.0))
    async with serve({}) as server:
        url = server.url("/")
    async with fetcher_with() as fetcher:
        answer = await ask(fetcher, url, Request(url=url, price=1.5))

    assert (answer.error, answer.attempt, answer.spent) == ("connect", 3, 0.0)
    assert limits.spent("test_site", None) == 0.0


def known(etag=None, last_modified=None):
    return Fetched(
        fingerprint="f",
        url="u",
        capture_id="c",
        body_hash="h",
        etag=etag,
        last_modified=last_modified,
        first_fetched_at=NOW,
        last_fetched_at=NOW,
        http_status=200,
    )


@pytest.mark.parametrize(
    "earlier",
    [
        known(etag='W/"tea"'),
        known(last_modified="Mon, 23 Nov 2037 00:00:00 GMT"),
        known('"tea"', "Mon, 23 Nov 2026 00:00:00 GMT"),
    ],
    ids=["weak-etag", "modified-in-the-future", "both"],
)
async def test_r46_a_conditional_question_names_what_is_known(fetcher_with, earlier):
    async with serve({"/": raw(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), conditional=earlier)

    sent = server.seen[0].headers
    assert (sent.get("if-none-match"), sent.get("if-modified-since")) == (earlier.etag, earlier.last_modified)
    assert (answer.not_modified, answer.body, answer.error) == (True, None, "")


@pytest.mark.parametrize("earlier", [None, known()])
async def test_r46_a_304_to_an_unconditional_question_is_asked_again_once(fetcher_with, earlier):
    lie = raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    async with serve({"/": in_turn(lie, ok()), "/liar": lie}) as server, fetcher_with() as fetcher:
        healed = await ask(fetcher, server.url("/"), conditional=earlier)
        liar = await ask(fetcher, server.url("/liar"), conditional=earlier)

    assert (healed.body, healed.attempt) == (b"hello", 2)
    assert (liar.error, liar.not_modified, liar.attempt) == ("protocol", False, 2)


async def test_r46_a_304_with_a_body_does_no_harm_to_the_next_answer(fetcher_with):
    lie = raw(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews")
    async with serve({"/": lie, "/b": ok(b"genuine")}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), conditional=known(etag="x"))
        following = await ask(fetcher, server.url("/b"))

    assert (answer.not_modified, following.body) == (True, b"genuine")


async def test_a_connection_is_kept_after_a_304(fetcher_with):
    async with serve({"/": raw(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")}) as server, fetcher_with() as fetcher:
        for _ in range(3):
            await ask(fetcher, server.url("/"), conditional=known(etag="x"))

    assert server.connections == 1


async def test_a_question_is_bounded_in_a_host_that_is_asked_by_many(fetcher_with):
    async with serve({"/": ok()}) as server, fetcher_with() as fetcher:
        answers = await asyncio.gather(*(ask(fetcher, server.url("/"), source=source_with(max_body=100)) for _ in range(50)))

    assert {answer.error for answer in answers} == {""}
    assert server.connections <= 4
