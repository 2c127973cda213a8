"""The shared book: pace across sources and processes, pauses, circuits, quotas, money."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from collectors.failures import FetchError
from collectors.limits import LEASE_SECONDS, OPEN_SECONDS, Allowance, Limits
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import drip, in_turn, ok, redirect, serve, status


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def book(tmp_path, clock):
    with Limits(tmp_path / "book.sqlite", clock=clock) as book:
        yield book


def test_one_request_is_in_flight_and_the_next_waits_for_the_pace(book, clock):
    assert book.take_turn("shop.example", 2.0) == 0
    assert book.take_turn("shop.example", 2.0) > 0  # in flight
    clock.now += 10
    assert book.take_turn("shop.example", 2.0) > 0  # still
    book.end_turn("shop.example", 2.0, clock.now)
    clock.now += 0.5
    assert book.take_turn("shop.example", 2.0) == pytest.approx(1.5)
    assert book.take_turn("other.example", 2.0) == 0
    clock.now += 1.5
    assert book.take_turn("shop.example", 2.0) == 0


@pytest.mark.parametrize(("first", "second"), [(1.0, 5.0), (5.0, 1.0)])
def test_r86_two_sources_on_a_host_keep_the_larger_pace(book, clock, first, second):
    book.take_turn("shop.example", first)
    book.end_turn("shop.example", first, clock.now)

    assert book.take_turn("shop.example", second) == pytest.approx(5.0)


def test_a_clock_set_back_does_not_stop_a_host(book, clock):
    book.take_turn("shop.example", 1.0)
    book.end_turn("shop.example", 1.0)
    clock.now -= 3600

    assert book.take_turn("shop.example", 1.0) == 0


def test_who_waited_for_the_book_sees_what_was_written_meanwhile(tmp_path, clock):
    """A time read before the wait for the lock is older than the other's turn, which must not pass for a clock set back."""
    path = tmp_path / "book.sqlite"

    def ask_in_a_thread() -> float:
        with Limits(path, clock=clock) as late:
            is_open.set()
            return late.take_turn("shop.example", 1.0)

    is_open = threading.Event()
    with Limits(path, clock=clock) as book, ThreadPoolExecutor(1) as thread:
        book.take_turn("shop.example", 1.0)
        book.end_turn("shop.example", 1.0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = thread.submit(ask_in_a_thread)
        is_open.wait(10)
        time.sleep(0.1)  # until it stands before the lock; were it later, it would see the new time and prove nothing
        clock.now += 5
        other.execute("UPDATE host SET asked_at = ? WHERE host = 'shop.example'", (clock.now,))
        other.execute("COMMIT")
        other.close()

        assert waiting.result(10) == pytest.approx(1.0)


def test_a_lease_that_was_lost_ends(book, clock):
    book.take_turn("shop.example", 1.0)
    clock.now += LEASE_SECONDS + 1

    assert book.take_turn("shop.example", 1.0) == 0


OTHER_PROCESS = """
import pathlib, sys, time
from collectors.limits import Limits
book = Limits(pathlib.Path(sys.argv[1]))
print({asked}, flush=True)
time.sleep(60)
"""


@contextmanager
def other_process(path, asked, answer):
    """Another process that asked the book and lives on until it is killed, and our own view of the book."""
    command = [sys.executable, "-c", OTHER_PROCESS.format(asked=asked), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child, Limits(path) as book:
        assert child.stdout.readline() == f"{answer}\n"
        yield child, book


def test_a_killed_process_frees_its_host_at_once(tmp_path):
    with other_process(tmp_path / "book.sqlite", 'book.take_turn("shop.example", 0.01)', 0.0) as (child, book):
        time.sleep(0.05)
        assert book.take_turn("shop.example", 0.01) > 0
        child.kill()
        child.wait()

        assert book.take_turn("shop.example", 0.01) == 0


def test_robots_txt_is_claimed_by_one_process_while_it_lives(tmp_path):
    claimed = "https://shop.example", "2026-11-01", time.time()
    with other_process(tmp_path / "book.sqlite", f"book.claim_robots{claimed}", True) as (child, book):
        assert not book.claim_robots(*claimed)
        child.kill()
        child.wait()

        assert book.claim_robots(*claimed)


def test_what_hosts_said_is_forgotten_when_its_time_is_over(book):
    book.keep_robots("https://a.example", "2026-11-01", "{}", 100.0, 200.0)
    assert book.kept_robots("https://a.example", "2026-11-01", 150.0) == ("{}", 200.0)
    book.keep_robots("https://b.example", "2026-11-01", "{}", 201.0, 300.0)

    assert book.kept_robots("https://a.example", "2026-11-01", 150.0) is None


def test_a_circuit_opens_at_the_fifth_failure_and_longer_each_time(book, clock):
    for _ in range(4):
        book.record("shop.example", is_well=False)
    book.check_host("shop.example")
    book.record("shop.example", is_well=False)
    with pytest.raises(FetchError, match="failed 5 times in a row"):
        book.check_host("shop.example")
    assert book.paused_for("shop.example") == pytest.approx(OPEN_SECONDS)

    clock.now += OPEN_SECONDS + 1
    book.check_host("shop.example")  # one may try
    book.record("shop.example", is_well=False)
    assert book.paused_for("shop.example") == pytest.approx(2 * OPEN_SECONDS)

    clock.now += 2 * OPEN_SECONDS + 1
    book.check_host("shop.example")
    book.record("shop.example", is_well=True)
    book.record("shop.example", is_well=False)
    assert book.paused_for("shop.example") == 0


def test_a_pause_is_never_shortened(book):
    book.pause("shop.example", 600, "it answered 429")
    book.pause("shop.example", 5, "it answered 503")

    with pytest.raises(FetchError, match="it answered 429"):
        book.check_host("shop.example")


def test_a_quota_is_a_wall_until_the_next_day(book, clock):
    book.allow("meta_ads", "agency", Allowance(requests=2))
    book.use_quota("meta_ads", "agency")
    book.use_quota("meta_ads", "agency")
    with pytest.raises(FetchError, match=r"meta_ads \(agency\) used its 2 requests"):
        book.use_quota("meta_ads", "agency")
    book.use_quota("meta_ads", "other")
    clock.now += 86400
    book.use_quota("meta_ads", "agency")


def test_money_is_a_wall_and_without_a_budget_nothing_is_bought(book):
    with pytest.raises(FetchError, match=r"0 of 0 is spent") as caught:
        book.reserve("search_api", None, "f1", 1.0)
    assert caught.value.kind == "budget"

    book.allow("search_api", None, Allowance(money=2.5))
    book.settle(book.reserve("search_api", None, "f1", 1.0))
    book.reserve("search_api", None, "f2", 1.5)
    with pytest.raises(FetchError, match=r"2\.5 of 2\.5 is spent"):
        book.reserve("search_api", None, "f3", 0.01)


def test_a_request_is_paid_once_an_occasion(book, clock):
    book.allow("search_api", None, Allowance(money=100, period="month"))
    book.settle(book.reserve("search_api", None, "f1", 1.0, "2027-01-15"))
    clock.now += 86400
    with pytest.raises(FetchError, match="was paid for on 2027-01-15") as caught:
        book.reserve("search_api", None, "f1", 1.0, "2027-01-15")
    assert caught.value.kind == "paid"
    book.reserve("search_api", None, "f1", 1.0, "2027-01-16")
    assert book.spent("search_api", None) == 2.0


def test_what_was_released_may_be_bought_again(book):
    book.allow("search_api", None, Allowance(money=1.0))
    book.release(book.reserve("search_api", None, "f1", 1.0))
    book.reserve("search_api", None, "f1", 1.0)


BUYER = """
import pathlib, sys, time
from collectors.limits import Allowance, Limits
book = Limits(pathlib.Path(sys.argv[1]), allowances={("search_api", None): Allowance(money=100.0)})
book.reserve("search_api", None, "f1", 1.0, "2026-11-23")
print("reserved", flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_booked_counts_as_paid(tmp_path):
    path = tmp_path / "book.sqlite"
    with subprocess.Popen([sys.executable, "-c", BUYER, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "reserved\n"
        os.kill(child.pid, signal.SIGKILL)
    wealthy = Limits(path, allowances={("search_api", None): Allowance(money=100.0)})
    with wealthy as book, pytest.raises(FetchError, match="booked by a run that did not finish"):
        book.reserve("search_api", None, "f1", 1.0, "2026-11-23")


def test_two_processes_cannot_both_take_the_last_of_a_budget(tmp_path):
    buy = BUYER.replace("time.sleep(60)", "").replace('"f1"', "sys.argv[2]").replace("100.0", "3.0")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", buy, str(tmp_path / "book.sqlite"), f"f{n}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for n in range(6)
    ]
    said = [child.communicate(timeout=30)[0] for child in children]

    assert said.count(b"reserved\n") == 3


def test_a_host_without_pace_costs_next_to_nothing(tmp_path):
    with Limits(tmp_path / "book.sqlite") as book:
        started = time.process_time()
        for _ in range(2000):
            book.take_turn("127.0.0.1", 0.0)
            book.record("127.0.0.1", is_well=True)
            book.end_turn("127.0.0.1", 0.0)

        assert (time.process_time() - started) / 2000 < 0.0001


ASKER = """
import asyncio, pathlib, sys
from collectors.fetch import Fetcher
from collectors.limits import Limits
from tests.fetching.conftest import AGENT, ask, source_with

async def main(book, url, pace):
    with Limits(pathlib.Path(book)) as limits:
        async with Fetcher(limits=limits, user_agent=AGENT, allow_private_hosts=True, first_backoff=0.01) as fetcher:
            answers = await asyncio.gather(*(ask(fetcher, url, source=source_with(pace_seconds=float(pace))) for _ in range(4)))
            assert all(answer.http_status == 200 for answer in answers), answers

asyncio.run(main(*sys.argv[1:]))
"""


async def test_g15_processes_together_keep_pace_and_one_in_flight_by_the_servers_clock(tmp_path):
    async with serve({"/": in_turn(status(500), redirect("/b"), ok()), "/b": ok()}) as server:
        children = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", ASKER, str(tmp_path / "book.sqlite"), server.url("/"), "0.1"
            )
            for _ in range(2)
        ]
        codes = [await asyncio.wait_for(child.wait(), 40) for child in children]
    times = [seen.at for seen in server.seen]

    assert codes == [0, 0]
    assert len(times) == 10  # eight questions, one of them retried, one redirected
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


async def test_a_quota_counts_every_try(fetcher_with, limits):
    limits.allow("test_site", None, Allowance(requests=2))
    async with serve({"/": status(500)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.body, len(server.seen)) == ("budget", None, 2)


async def test_a_slow_host_holds_up_no_other(fetcher_with):
    endless = drip(b"x", head=b"HTTP/1.1 200 OK\r\n\r\n")
    async with serve({"/": endless}) as slow, serve({"/": ok()}) as fast, fetcher_with(total_timeout=2.0, tries=1) as fetcher:
        paced = source_with(pace_seconds=0.01)
        hung = asyncio.ensure_future(ask(fetcher, slow.url("/"), source=paced))
        started = time.monotonic()
        for _ in range(10):
            assert (await ask(fetcher, fast.url("/"), source=paced)).body == b"hello"
        assert time.monotonic() - started < 2.0
        assert (await hung).error == "timeout"
