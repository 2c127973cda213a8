"""robots.txt read as its standard says. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import gzip
import json
import tarfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.fetch import Answer
from collectors.robots import LARGEST_FILE, LONGEST_DELAY, matches, parse, rules_of
from tests.corpora import corpus

HOST = "https://shop.example"


def allows(text, path, agent="dozor"):
    return parse(text.encode() if isinstance(text, str) else text, agent).decide(HOST + path).allowed


def test_every_case_of_the_reference_parser_is_met():  # G-17
    with gzip.open(corpus("robots") / "spec-cases.jsonl.gz", "rt") as lines:
        cases = [json.loads(line) for line in lines]
    wrong = [
        case for case in cases if parse(case["robots"].encode(), case["agent"]).decide(case["url"]).allowed != case["allowed"]
    ]

    assert [case for case in wrong if "GoogleOnly" not in case["test"]] == []


def test_real_files_are_read_as_protego_reads_them():
    folder = corpus("robots")
    with gzip.open(folder / "peer-answers.jsonl.gz", "rt") as lines:
        peers = {case["site"]: case for case in map(json.loads, lines)}
    same = total = same_sitemaps = files = 0
    with tarfile.open(folder / "robots-top10000.tar.xz") as archive:
        for member in archive:
            site = member.name.rsplit("/", 1)[-1].removesuffix(".txt")
            if not member.isfile() or "checks" not in peers.get(site, {}) or hash_of(site) % 5:
                continue
            body = archive.extractfile(member).read()
            by_agent = {agent: parse(body, agent) for agent in {check[0] for check in peers[site]["checks"]}}
            for agent, path, protego, _ in peers[site]["checks"]:
                same += by_agent[agent].decide("http://" + site + path).allowed == protego
                total += 1
            files += 1
            same_sitemaps += set(parse(body, "dozor").sitemaps) == set(peers[site]["sitemaps"])

    assert files > 150
    assert same / total >= 0.98  # the rest: protego does not match `/*page=` against /x1page=, and reads no rule after a BOM
    assert same_sitemaps / files >= 0.99


def hash_of(text):
    return sum(text.encode())


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        pytest.param({"http_status": 404}, True, id="r80-missing"),
        pytest.param({"http_status": 401}, True, id="r80-401"),
        pytest.param({"http_status": 403}, True, id="r80-403"),
        pytest.param({"http_status": 410}, True, id="r80-gone"),
        pytest.param({"http_status": 429}, False, id="r43-429"),
        pytest.param({"http_status": 500}, False, id="r80-500"),
        pytest.param({"http_status": 503}, False, id="r80-503"),
        pytest.param({"error": "timeout", "error_detail": "slow"}, False, id="r80-timeout"),
        pytest.param({"error": "dns", "error_detail": "no name"}, False, id="r80-dns"),
        pytest.param({"error": "redirect", "error_detail": "6 hops"}, True, id="r80-redirect-x6"),
        pytest.param({"error": "bomb", "error_detail": "bomb"}, False, id="r80-bomb"),
        pytest.param({"http_status": 200, "body": b""}, True, id="r80-empty"),
        pytest.param({"http_status": 204, "body": b""}, True, id="r80-no-content"),
        pytest.param({"http_status": 200, "body": b"<!doctype html><title>Oops</title>"}, True, id="r80-html-instead"),
        pytest.param({"http_status": 200, "body": b"User-agent: *\nDisallow: /"}, False, id="rules"),
    ],
)
def test_what_an_answer_means(answer, allowed):
    rules = rules_of(Answer(url=HOST, final_url=HOST, **answer), "dozor")

    assert rules.decide(HOST + "/catalogue").allowed is allowed
    if not allowed:
        assert rules.decide(HOST + "/catalogue").rule


DENY_A = "User-agent: *\nDisallow: /a\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(DENY_A.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + DENY_A.encode(), id="r80-bom"),
        pytest.param(DENY_A.replace("\n", "\r").encode(), id="r80-cr-only"),
        pytest.param(DENY_A.replace("\n", "\r\n\r\n").encode(), id="r80-crlf-and-blank-lines"),
        pytest.param(DENY_A.encode("utf-16"), id="r80-utf-16"),
        pytest.param(b"User-agent: *\nDisallow: /a # ours\n", id="comment"),
        pytest.param(b"User-agent: * # all\nDisallow: /a\n", id="comment-after-agent"),
        pytest.param(b"user agent: *\ndissalow: /a\n", id="misspelt"),
        pytest.param(b"User-agent: *\nDisallow /a\n", id="no-colon"),
        pytest.param(b"\0\0User-agent: *\nDisallow: /a\0\n", id="nul-bytes"),
        pytest.param(DENY_A.encode() + b"# " + b"x" * 600 * 1024, id="r80-600-kib"),
    ],
)
def test_r80_odd_files_are_read(body):
    assert not allows(body, "/a")
    assert allows(body, "/b")


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow:\n", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /a*b*c", "/axxbxxc/d", False),
        ("User-agent: *\nDisallow: /a$b", "/a$b", False),
        ("User-agent: *\nDisallow: *x", "/abx", False),
        ("User-agent: *\nDisallow: /\nAllow: /$", "/", True),
        ("User-agent: *\nDisallow: /\nAllow: /$", "/a", False),
        ("User-agent: *\nDisallow: /?", "/?q=1", False),
        ("User-agent: *\nDisallow: /чай", "/%D1%87%D0%B0%D0%B9/1", False),
        ("User-agent: *\nDisallow: /%d1%87", "/%D1%87", False),
        ("User-agent: *\nDisallow: /\nUser-agent: dozor\nAllow: /", "/a", True),
        ("User-agent: DOZOR/2.0\nDisallow: /", "/a", False),
        ("User-agent: dozorbot\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: dozor\nDisallow: /a", "/a", False),
        ("User-agent: dozor\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\nUser-agent: dozor\nDisallow: /c", "/c", False),
        ("User-agent: *\nCrawl-delay: 2\nUser-agent: dozor\nDisallow: /a", "/a", False),
        ("Disallow: /", "/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ],
)
def test_rules(text, path, allowed):
    assert allows(text, path) is allowed


@pytest.mark.parametrize(
    ("value", "delay"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("1000000000", LONGEST_DELAY),
        ("inf", LONGEST_DELAY),
        ("soon", None),
        ("nan", None),
        ("-1", 0.0),
        ("", None),
    ],
)
def test_r80_crawl_delay_is_honoured_up_to_a_limit(value, delay):
    assert parse(f"User-agent: *\nCrawl-delay: {value}\nDisallow: /a".encode(), "dozor").delay == delay


def test_sitemaps_are_listed_once_and_belong_to_no_group():
    text = (
        b"Sitemap: https://shop.example/s.xml\nUser-agent: x\nDisallow: /\nSITEMAP: https://shop.example/s.xml\nsitemap:/t.xml.gz"
    )

    assert parse(text, "dozor").sitemaps == ("https://shop.example/s.xml", "/t.xml.gz")


def test_the_rule_that_decided_is_named():
    assert parse(b"User-agent: *\nDisallow: /cart", "dozor").decide(HOST + "/cart/1").rule == "Disallow: /cart"


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_file_breaks_the_parser(body, path):
    parse(body, "dozor").decide("https://shop.example/" + path)


def naive(pattern, path):
    if not pattern:
        return True
    if pattern == "$":
        return not path
    if pattern[0] == "*":
        return any(naive(pattern[1:], path[i:]) for i in range(len(path) + 1))
    return bool(path) and pattern[0] == path[0] and naive(pattern[1:], path[1:])


@given(st.text("ab*$", max_size=7), st.text("ab$", max_size=8))
def test_matching_is_what_its_definition_says(pattern, path):
    assert matches(pattern, path) is naive(pattern, path)


def test_hostile_patterns_and_huge_files_cost_little():
    body = b"User-agent: *\n" + b"Disallow: /" + b"a*" * 60 + b"b\n"
    body += b"".join(b"Disallow: /" + b"*a" * 60 + b"%d$\n" % n for n in range(3000))
    started = time.process_time()
    rules = parse(body[:LARGEST_FILE], "dozor")
    assert rules.decide(HOST + "/" + "a" * 5000).allowed

    assert time.process_time() - started < 1


def test_a_pattern_beyond_measure_forbids_more_never_less():
    assert not allows("User-agent: *\nDisallow: /a" + "*b" * 100, "/a" + "b" * 100)
    assert not allows("User-agent: *\nDisallow: /" + "a" * 5000, "/" + "a" * 5000)
    assert not allows("User-agent: *\nDisallow: /a\nAllow: /a" + "*b" * 100, "/a" + "b" * 200)


def test_the_last_of_very_many_rules_counts():
    assert not allows("User-agent: *\n" + "".join(f"Disallow: /{n}\n" for n in range(20_000)) + "Disallow: /last", "/last")
