"""Addresses that must not be asked, however they are spelled. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.addresses import Guard, denied_address
from collectors.failures import FetchError
from collectors.fetch import Fetcher
from tests.fetching.conftest import ask
from tests.fetching.server import ok, redirect, serve

LOOPBACK_SPELLINGS = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7f.0x0.0x0.0x1 017700000001 0177.0.0.1 0177.1 0177.0.0.0x1
127.0.0.1. 127.1. 0 0.0.0.0 0x0 00 0.0 [::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::ffff:127.0.0.1] [::ffff:7f00:1]
[::127.0.0.1] [::FFFF:127.1.2.3] 127。0。0。1 127．0．0．1 127｡0｡0｡1 １２７.0.0.1 ①②⑦.0.0.1 ⑫7.0.0.1 %31%32%37.0.0.1
127.0.0.%31 localhost LOCALHOST localhost. ｌocalhost loc%61lhost 127.255.255.254 127.0.0.001 0x7F.0.0.1 0X7f000001
[::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [2002:7f00:0001::1] [::ffff:0x7f.1]
anything.localhost 127.0.0.1%00.example.com
""".split()  # noqa: SIM905 - a table

PRIVATE = """
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 0x0a000001 167772161 012.0.0.1
[::ffff:10.0.0.1] [64:ff9b::10.0.0.1] [64:ff9b::a00:1] [2002:a00:1::1] [2001:0:a00:1::1]
[2001:0000:4136:e378:8000:63bf:3fff:fdd2] [fe80::5efe:10.0.0.1] [2a00:1450::5efe:10.0.0.1]
[2a00:1450::200:5efe:192.168.0.1] [::10.0.0.1] 100.64.0.1 100.127.255.255 198.18.0.1 198.19.255.255 192.0.0.1
192.0.0.192 0.1.2.3 240.0.0.1 255.255.255.255 224.0.0.1 239.255.255.255 192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1
169.254.1.1 [fe80::1] [fc00::1] [fd00::1] [fec0::1] [ff02::1] [2001:db8::1] [3fff::1] [100::1] [64:ff9b:1::1]
[5f00::1] [4000::1]
""".split()  # noqa: SIM905 - a table

METADATA = """
169.254.169.254 [::ffff:169.254.169.254] [64:ff9b::169.254.169.254] [64:ff9b::a9fe:a9fe] 2852039166 0xa9fea9fe
0251.0376.0251.0376 169.254.170.2 100.100.100.200 192.0.0.192 168.63.129.16 [fd00:ec2::254] metadata.google.internal
METADATA.google.internal. metadata metadata.goog instance-data metadata.azure.internal
""".split()  # noqa: SIM905 - a table

ODD = [
    r"http://a\@127.0.0.1/",
    "http://a#@127.0.0.1:1/",
    "http://user@127.0.0.1/",
    "http://user:pass@shop.example/",
    "http://shop.example@127.0.0.1/",
    "http://127.0.0.1\t/",
    "http://127.0.0\n.1/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1",
    "http:///",
    "http://",
    "http:127.0.0.1",
    "//127.0.0.1/",
    "http://a..b.example/",
    "http://" + "a" * 300 + ".example/",
    "http://" + "a." * 130 + "example/",
    "http://ex ample.com/",
    "http://ex%00ample.com/",
    "http://ex%0d%0aample.com/",
    "http://printer.local/",
    "http://wiki.internal/",
    "http://router.lan/",
    "http://hidden.onion/",
    "http://shop.example/" + "a" * 9000,
    "",
    "shop.example",
    "ftp://shop.example/",
    "file:///etc/passwd",
]

PORTS = [
    0,
    21,
    22,
    23,
    25,
    53,
    110,
    143,
    389,
    445,
    587,
    993,
    1433,
    2375,
    3306,
    3389,
    5432,
    5900,
    6379,
    6667,
    9200,
    10250,
    11211,
    27017,
]


def public_only(host, port):
    raise AssertionError(f"{host} was looked up or connected to")


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
async def test_r51_no_spelling_of_loopback_reaches_it(fetcher_with, host):  # G-11
    strict = fetcher_with(allow_private_hosts=False, resolve=public_only)
    async with serve({"/": ok(b"internal")}) as server, strict as fetcher:
        answer = await ask(fetcher, f"http://{host}:{server.port}/")

    assert answer.error == "guard"
    assert (server.connections, answer.body) == (0, None)


@pytest.mark.parametrize("host", PRIVATE)
async def test_r52_r53_no_private_or_reserved_address_is_asked(fetcher_with, host):
    async with fetcher_with(allow_private_hosts=False, resolve=public_only) as fetcher:
        answer = await ask(fetcher, f"http://{host}/")

    assert answer.error == "guard"
    assert ("allow_private_hosts" in answer.error_detail) is ("metadata" not in answer.error_detail)


@pytest.mark.parametrize("host", METADATA)
async def test_r54_metadata_is_never_asked_not_even_where_private_hosts_are_allowed(fetcher_with, host):
    async with fetcher_with(allow_private_hosts=True, resolve=public_only) as fetcher:
        answer = await ask(fetcher, f"http://{host}/latest/")

    assert answer.error == "guard"
    assert "allow_private_hosts" not in answer.error_detail  # it would not help


@pytest.mark.parametrize("url", ODD, ids=lambda url: repr(url)[:40])
async def test_r58_r59_r61_odd_urls_are_refused(fetcher_with, url):
    async with fetcher_with(allow_private_hosts=False, resolve=public_only) as fetcher:
        answer = await ask(fetcher, url or " ")

    assert answer.error in ("guard", "scheme")


@pytest.mark.parametrize("port", PORTS)
def test_r60_ports_of_other_services_are_refused(port):
    with pytest.raises(FetchError, match="port"):
        Guard().check_url(f"http://shop.example:{port}/")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://shop.example/чай?q=чёрный", "shop.example"),
        ("https://МАГАЗИН.рф/", "xn--80aairftm.xn--p1ai"),
        ("https://shop。example/", "shop.example"),
        ("https://shop.example./", "shop.example."),
        ("http://93.184.215.14:8080/", "93.184.215.14"),
        ("http://[2606:2800:21f:cb07::1]/", "[2606:2800:21f:cb07::1]"),
    ],
)
def test_public_urls_pass_in_one_normal_form(url, host):
    assert Guard().check_url(url).hostname == host


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "2a00:1450:4010:c05::64", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"],
)
def test_public_addresses_pass(address):
    assert denied_address(address) == ""


@given(st.ip_addresses(v=4))
def test_what_hides_in_ipv6_is_judged_as_what_it_is(address):
    plain = bool(denied_address(str(address)))

    assert bool(denied_address(f"::ffff:{address}")) == plain
    assert bool(denied_address(f"64:ff9b::{address}")) == plain
    if plain:
        assert denied_address(f"2a00:1450::5efe:{address}")


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_passes(address):
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert denied_address(str(address))


def changing(*answers):
    left = list(answers)

    async def resolve(host, port):
        await asyncio.sleep(0)
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def test_r55_a_name_that_turns_private_between_two_looks_is_refused(fetcher_with):
    async with serve({"/": ok(b"internal")}) as server:
        resolve = changing(["127.0.0.1"])
        async with fetcher_with(allow_private_hosts=False, resolve=resolve) as fetcher:
            answer = await ask(fetcher, server.url("/", "rebind.example"))

    assert answer.error == "guard"
    assert "rebind.example leads to 127.0.0.1: loopback" in answer.error_detail
    assert server.connections == 0


async def test_r56_rebinding_between_redirects_is_refused(fetcher_with, monkeypatch):
    # 127.0.0.1 plays a public address: only 127.0.0.2 is denied here.
    monkeypatch.setattr("collectors.addresses.denied_address", lambda address: "" if address == "127.0.0.1" else "loopback")
    scripts = {"/": redirect("/next", headers={"Connection": "close"}), "/next": ok(b"internal")}
    async with serve(scripts) as server:
        resolve = changing(["127.0.0.1"], ["127.0.0.2"])
        async with fetcher_with(allow_private_hosts=False, resolve=resolve) as fetcher:
            answer = await ask(fetcher, server.url("/", "rebind.example"))

    assert (answer.error, server.paths()) == ("guard", ["/"])


async def test_r56_a_kept_connection_goes_to_the_address_that_was_checked(fetcher_with, monkeypatch):
    monkeypatch.setattr("collectors.addresses.denied_address", lambda address: "" if address == "127.0.0.1" else "loopback")
    async with serve({"/": ok(b"public")}) as server:
        resolve = changing(["127.0.0.1"], ["127.0.0.2"])
        async with fetcher_with(allow_private_hosts=False, resolve=resolve) as fetcher:
            bodies = [(await ask(fetcher, server.url("/", "rebind.example"))).body for _ in range(3)]

    assert (bodies, server.connections) == ([b"public"] * 3, 1)


@pytest.mark.parametrize("addresses", [["93.184.215.14", "10.0.0.1"], ["2606:2800::1", "::1"], ["::1", "93.184.215.14"]])
async def test_r57_r50_one_denied_address_denies_the_name(fetcher_with, addresses):
    async with fetcher_with(allow_private_hosts=False, resolve=changing(addresses)) as fetcher:
        answer = await ask(fetcher, "http://mixed.example/")

    assert answer.error == "guard"


async def test_r62_line_breaks_in_a_url_never_reach_a_header(fetcher_with):
    async with serve({}) as server, fetcher_with() as fetcher:
        await ask(fetcher, server.url("/a%0d%0aX-Evil:%201\r\nX-Evil: 2\0"))

    assert "x-evil" not in server.seen[0].headers
    assert server.seen[0].path == "/a%0d%0aX-Evil:%201X-Evil:%202"


async def test_r63_private_hosts_are_allowed_by_name_and_loudly(fetcher_with, caplog):
    by_name = fetcher_with(allow_private_hosts=frozenset({"127.0.0.1"}))
    async with serve({"/": ok()}) as server, serve({"/": ok()}, host="127.0.0.3") as other, by_name as fetcher:
        allowed = await ask(fetcher, server.url("/"))
        denied = await ask(fetcher, other.url("/"))

    assert (allowed.error, denied.error) == ("", "guard")
    assert "allow_private_hosts is set" in caplog.text
    assert "allow_private_hosts" in denied.error_detail


@pytest.mark.parametrize("agent", ["dozor/1.0", "", "Mozilla/5.0"])
def test_r84_a_user_agent_without_contact_is_refused(limits, agent):
    with pytest.raises(ValueError, match="contact"):
        Fetcher(limits=limits, user_agent=agent)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_whatever_the_host_says_only_public_literals_and_names_pass(host):
    try:
        passed = Guard().check_url(f"http://{host}/").hostname.strip("[]")
    except FetchError:
        return

    is_literal = (passed[0].isdigit() and passed.rstrip(".").rpartition(".")[2].isdigit()) or ":" in passed
    assert denied_address(passed) == "" if is_literal else "." in passed
