"""robots.txt asked for: once a host and day, with its own bounds. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio

import pytest

from collectors import robots
from collectors.robots import Decision, Robots
from tests.fetching.conftest import SOURCE
from tests.fetching.server import flood, ok, redirect, reset, serve, status

DENY_CART = ok(
    b"User-agent: *\nDisallow: /cart\nCrawl-delay: 3\nSitemap: https://shop.example/s.xml", {"Content-Type": "text/plain"}
)


async def test_robots_is_asked_once_by_many(fetcher_with):
    async with serve({"/robots.txt": DENY_CART}) as server, fetcher_with() as fetcher:
        rules = Robots(fetcher, SOURCE)
        decisions = await asyncio.gather(*(rules.allows(server.url(path)) for path in ["/", "/cart", "/cart/1?x"] * 5))

    assert [decision.allowed for decision in decisions[:3]] == [True, False, False]
    assert decisions[1].rule == "Disallow: /cart"
    assert (decisions[0].delay, decisions[0].sitemaps) == (3.0, ("https://shop.example/s.xml",))
    assert server.paths() == ["/robots.txt"]


async def test_robots_is_asked_once_by_those_who_share_a_book(fetcher_with):
    async with serve({"/robots.txt": DENY_CART}) as server, fetcher_with() as fetcher, fetcher_with() as other:
        asking = [Robots(one, SOURCE, day="2026-11-01").allows(server.url("/cart")) for one in (fetcher, fetcher, other)]
        decisions = await asyncio.gather(*asking)
        again = await Robots(other, SOURCE, day="2026-11-02").allows(server.url("/cart"))

    assert [*decisions, again] == [decisions[0]] * 4
    assert decisions[0] == Decision(False, "Disallow: /cart", 3.0, ("https://shop.example/s.xml",))
    assert server.paths() == ["/robots.txt"] * 2  # once a day


async def test_whoever_gives_up_asking_leaves_it_to_the_next(fetcher_with):
    asked = asyncio.Event()

    async def silent(seen):
        asked.set()
        await asyncio.sleep(3600)

    async with serve({"/robots.txt": silent}) as server, fetcher_with() as fetcher:
        first = asyncio.ensure_future(Robots(fetcher, SOURCE).allows(server.url("/")))
        await asked.wait()
        first.cancel()
        await asyncio.wait([first])
        server.scripts["/robots.txt"] = DENY_CART

        decision = await asyncio.wait_for(Robots(fetcher, SOURCE).allows(server.url("/")), 2)

    assert decision.allowed


@pytest.mark.parametrize(
    ("script", "allowed"),
    [
        pytest.param(status(404), True, id="missing"),
        pytest.param(status(403), True, id="forbidden"),
        pytest.param(status(500), False, id="broken"),
        pytest.param(status(429), False, id="r43-too-many-requests"),
        pytest.param(reset(), False, id="unreachable"),
        pytest.param(flood(b"Disallow: /x\n" * 100, b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\n"), False, id="endless"),
        pytest.param(redirect("/robots.txt"), True, id="redirect-loop"),
        pytest.param(redirect("http://10.0.0.1/robots.txt"), False, id="r64-redirect-to-private"),
    ],
)
async def test_r80_what_comes_instead_of_rules(fetcher_with, script, allowed):
    hosts = frozenset({"127.0.0.1"})
    async with serve({"/robots.txt": script}) as server, fetcher_with(allow_private_hosts=hosts) as fetcher:
        decision = await Robots(fetcher, SOURCE).allows(server.url("/page"))

    assert decision.allowed is allowed
    assert "robots.txt" in decision.rule


async def test_a_name_that_leads_where_we_may_not_ask_is_denied_and_not_called_unreachable(fetcher_with):
    async def resolve(host, port):
        return ["10.0.0.1"]

    async with fetcher_with(allow_private_hosts=False, resolve=resolve) as fetcher:
        decision = await Robots(fetcher, SOURCE).allows("http://shop.example/page")

    assert (decision.allowed, decision.is_unreachable) == (False, False)
    assert decision.rule.startswith("robots.txt may not be asked: shop.example leads to 10.0.0.1: private")


async def test_r80_robots_of_another_host_is_read_through_redirects(fetcher_with):
    async with serve({"/robots.txt": DENY_CART}, host="127.0.0.2") as other, fetcher_with() as fetcher:
        scripts = {"/robots.txt": redirect(other.url("/robots.txt"), 301)}
        async with serve(scripts) as server:
            decision = await Robots(fetcher, SOURCE).allows(server.url("/cart"))

    assert not decision.allowed


async def test_r81_rules_are_asked_for_again_when_their_time_is_over(fetcher_with, monkeypatch):
    now = 1_800_000_000.0
    monkeypatch.setattr(robots.time, "time", lambda: now)
    async with serve({"/robots.txt": status(404)}) as server, fetcher_with() as fetcher:
        rules = Robots(fetcher, SOURCE)
        assert (await rules.allows(server.url("/cart"))).allowed
        server.scripts["/robots.txt"] = DENY_CART
        assert (await rules.allows(server.url("/cart"))).allowed
        now += 86_400
        assert not (await rules.allows(server.url("/cart"))).allowed


async def test_a_host_that_had_no_rules_to_give_is_asked_again_soon(fetcher_with, monkeypatch):
    now = 1_800_000_000.0
    monkeypatch.setattr(robots.time, "time", lambda: now)
    async with serve({"/robots.txt": status(500)}) as server, fetcher_with() as fetcher:
        rules = Robots(fetcher, SOURCE)
        assert not (await rules.allows(server.url("/"))).allowed
        server.scripts["/robots.txt"] = DENY_CART
        assert (await Robots(fetcher, SOURCE).allows(server.url("/"))).is_unreachable  # nor by anybody else before that
        now += robots.UNREACHABLE_SECONDS + 1
        assert (await Robots(fetcher, SOURCE).allows(server.url("/"))).allowed
        assert (await rules.allows(server.url("/"))).allowed
