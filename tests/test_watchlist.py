"""What a watchlist may say, and what a person reads when it is wrong."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dozor
from collectors.urls import normalise_url
from collectors.watchlist import WatchlistError, json_schema, load_watchlist, read_watchlist
from collectors.watchlist_file import MAX_DEPTH, read_yaml

DOZOR = Path(dozor.__file__).parent

TWO_CLIENTS = """
projects:
  - id: north-tea
    title: North Tea
    language: en
    timezone: Europe/Berlin
    currency: EUR
    entities:
      - id: north-tea
        name: North Tea
        is_own: true
        aliases: [NorthTea, Северный чай]
        domains: [https://www.North-Tea.example/]
        watches:
          - telegram_channel: "@North_Tea"
          - page: north-tea.example/prices
            options: {selector: "#plans"}
            ignore: ["\\\\d+ readers"]
            pace_seconds: 3
    watches:
      - hacker_news: '"green tea"'
    topics:
      - {id: brand, query: '"North Tea"', entity: north-tea}
    macros: {brands: North OR Leaf}
    keywords:
      - {id: core, region: DE, phrases: [green tea, green tea]}
  - id: press
    title: Press agency
    personal_data: drop
    entities:
      - id: tea
        name: Tea
        watches:
          - source: telegram_channel
            target: https://t.me/s/north_tea
            role: earned
          - page: https://north-tea.example/prices
            options: {selector: "#plans"}
            pace_seconds: 9
"""


def problems(text: str) -> list[str]:
    with pytest.raises(WatchlistError) as caught:
        read_watchlist(textwrap.dedent(text))
    return caught.value.problems


def project(body: str) -> str:
    """A file with one project; `body` is indented under its first entity."""
    head = "projects:\n- id: p\n  title: P\n  entities:\n  - id: e\n    name: E\n"
    return head + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"


def test_a_target_that_two_clients_watch_is_one_watch() -> None:
    watchlist = read_watchlist(TWO_CLIENTS)

    assert [(watch.source, watch.target) for watch in watchlist.watches()] == [
        ("telegram_channel", "north_tea"),
        ("page", "https://north-tea.example/prices"),
        ("hacker_news", '"green tea"'),
    ]
    roles = [(row["project_id"], row["entity_id"], row["role"]) for row in watchlist.reference()["watch_entity"]]
    assert roles == [
        ("north-tea", "north-tea", "owned"),
        ("north-tea", "north-tea", "owned"),
        ("north-tea", None, "earned"),
        ("press", "tea", "earned"),
        ("press", "tea", "owned"),
    ]


def test_of_two_paces_for_one_watch_the_kinder_holds() -> None:
    [page] = read_watchlist(TWO_CLIENTS).watches("page")

    assert page.pace_seconds == 9


def test_the_pace_is_no_part_of_a_watch_and_its_options_are() -> None:
    faster = read_watchlist(TWO_CLIENTS.replace("pace_seconds: 9", "pace_seconds: 1")).watches("page")
    other = read_watchlist(TWO_CLIENTS.replace("#plans", "#prices")).watches("page")
    [page] = read_watchlist(TWO_CLIENTS).watches("page")

    assert [watch.watch_id for watch in faster] == [page.watch_id]
    assert page.watch_id not in [watch.watch_id for watch in other]


def two_sites(first: str, second: str) -> str:
    watches = (f"watches: [{{site: s.example, options: {options}}}]" for options in (first, second))
    clients = ", ".join(f"{{id: c{number}, title: C, {watch}}}" for number, watch in enumerate(watches))
    return f"projects: [{clients}]"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        pytest.param("{max_pages: 100}", "{max_pages: 300}", {"max_pages": 300}, id="more pages"),
        pytest.param("{max_pages: 100}", "{}", {"max_pages": 5_000}, id="pages by default"),
        pytest.param("{max_minutes: 300}", "{}", {"max_minutes": 300}, id="more minutes than by default"),
        pytest.param("{max_depth: 2}", "{max_depth: 9}", {"max_depth": 9}, id="more clicks"),
        pytest.param("{revisit_days: 14}", "{revisit_days: 3}", {"revisit_days": 3}, id="looked at more often"),
        pytest.param("{revisit_days: 14}", "{max_depth: 9}", {"revisit_days": 7.0, "max_depth": 9}, id="each by itself"),
    ],
)
def test_projects_that_differ_in_budgets_share_a_watch(first: str, second: str, together: dict[str, float]) -> None:
    for text in (two_sites(first, second), two_sites(second, first)):
        [site] = read_watchlist(text).watches()
        assert site.budgets == together


def test_a_budget_is_no_part_of_a_watch() -> None:
    before, after = (
        read_watchlist(two_sites(f"{{include: /tea/, max_pages: {most}}}", "{include: /tea/}")) for most in (100, 9_000)
    )

    assert [watch.watch_id for watch in before.watches()] == [watch.watch_id for watch in after.watches()]
    assert before.reference()["watch"] == after.reference()["watch"]
    assert before.watches()[0].options == {"include": ["/tea/"]}


def test_the_reference_has_plain_rows() -> None:
    reference = read_watchlist(TWO_CLIENTS).reference()

    assert reference["project"][1] == {
        "project_id": "press",
        "title": "Press agency",
        "language": "en",
        "timezone": "UTC",
        "currency": None,
        "personal_data": "drop",
    }
    assert reference["entity"][0] == {
        "project_id": "north-tea",
        "entity_id": "north-tea",
        "name": "North Tea",
        "aliases": ["NorthTea", "Северный чай"],
        "domains": ["north-tea.example"],
        "is_own": True,
    }
    page = read_watchlist(TWO_CLIENTS).watches("page")[0]
    assert reference["ignore_rule"] == [{"project_id": "north-tea", "watch_id": page.watch_id, "pattern": r"\d+ readers"}]
    assert reference["topic"][0]["query"] == '"North Tea"'
    assert reference["macro"] == [{"project_id": "north-tea", "name": "brands", "query": "North OR Leaf"}]
    assert [row["phrase"] for row in reference["keyword"]] == ["green tea"]
    assert json.loads(json.dumps(reference)) == reference


def test_the_version_changes_with_the_text() -> None:
    assert read_watchlist(TWO_CLIENTS).version != read_watchlist(TWO_CLIENTS + "# seen\n").version


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "watches: [{telegramm_channel: x}]",
            'unknown source "telegramm_channel" in watch of "e". Did you mean "telegram_channel"?',
        ),
        (
            "watches: [{source: hackernews, target: x}]",
            'unknown source "hackernews" in watch of "e". Did you mean "hacker_news"?',
        ),
        (
            "watches: [{site: s.example, options: {max_page: 3}}]",
            'site has no option "max_page" in watch of "e". Did you mean "max_pages"?',
        ),
        (
            "watches: [{site: s.example, options: {max_pages: many}}]",
            "site: max_pages must be a number, at least 1, found 'many' in watch of \"e\"",
        ),
        (
            "watches: [{feed: 'https://s.example/rss', options: {max_pages: -1}}]",
            'feed: max_pages must be a number, at least 1, found -1 in watch of "e"',
        ),
        ("watches: [{site: s.example, options: {exclude: '('}}]", "site: exclude: '(' is not a regular expression"),
        ("watches: [{app_store_app: chess}]", 'app_store_app: "chess" is not an app id (1700000001)'),
        (
            "watches: [{app_store_app: 1700000001, options: {country: rus}}]",
            'app_store_app: country "rus" is not a two-letter code',
        ),
        ("watches: [{telegram_channel: https://t.me/+AbCdEf}]", "is not the name of a public channel"),
        ("watches: [{page: p.example, options: {selector: '##'}}]", "page: selector '##' is not a CSS selector"),
        pytest.param(
            "watches: [{page: p.example, options: {selector: '" + "* > " * 2_000 + "p'}}]",
            "page: selector of 8001 characters: at most 500",
            id="R-95",
        ),
        (
            "watches: [{meta_ads: x, options: {countries: [Germany]}}]",
            "meta_ads: countries must be two-letter codes or ALL, found GERMANY",
        ),
        ("watches: [{site: s.example, rolle: owned}]", 'unknown key "rolle" in watch of "e". Did you mean "role"?'),
        (
            "watches: [{site: s.example, page: p.example}]",
            'a second source, "page", beside the first in watch of "e": write `- page: …` on a line of its own',
        ),
        ("watches: [{site: s.example}, 8]", 'watch 2 should be a mapping of keys to values in watch of "e"'),
        ("aliases: [a, [b]]", '"aliases" item 2 should be a valid string'),
        ("watches: [{site: s.example, options: {max_pages: 0}}]", "site: max_pages must be a number, at least 1, found 0"),
        ("watches: [{role: owned}]", "a watch is `source: target`"),
        (
            "watches: [{site: s.example, role: own}]",
            "\"role\" should be 'owned', 'earned' or 'market', found \"own\" in watch of \"e\"",
        ),
        ("watches: [{site: s.example, pace_seconds: 0}]", '"pace_seconds" should be greater than 0, found 0 in watch of "e"'),
        ("watches: [{site: s.example, ignore: '['}]", "ignore: '[' is not a regular expression"),
        ("watches: [{site: }]", '"target" should be a valid string, found null in watch of "e"'),
        pytest.param(
            "watches: [{page: 'http://user:hunter2pass@secret.example/x'}]",
            'page: a user name or password in an address is never sent: watch an address that works without in watch of "e"',
            id="G-31 user name",
        ),
        pytest.param(
            "watches: [{feed: 'secret.example/x?id=1&api_key=PLANTEDKEY99'}]",
            'feed: "api_key" in an address is a secret, which would be stored and shown',
            id="G-31 parameter",
        ),
        ("watches: {site: s.example}", '"watches" should be a valid list'),
        ("is_own: maybe", '"is_own" should be a valid boolean'),
        ("alias: [x]", 'unknown key "alias" in entity "e". Did you mean "aliases"?'),
        ("domains: ['not a domain']", '"not a domain" is not a domain in entity "e"'),
        ("is_own: !!python/object/apply:os.system [ls]", 'the tag "!!python/object/apply:os.system" is not allowed'),
        (
            "aliases: [99999999999999999999999]",
            "the number 99999999999999999999999… is too large; put it in quotes if it is an id",
        ),
        (
            "watches: [{site: s.example, account: 'our agency'}]",
            '"account" should be a short id of a-z, 0-9, - and _, found "our agency"',
        ),
        ("name: F", 'the key "name" is already given on line 6'),
    ],
)
def test_a_mistake_is_named_with_its_line(body: str, message: str) -> None:
    found = problems(project(body))

    assert any(problem.startswith("watchlist.yml:7: ") and message in problem for problem in found), found


@pytest.mark.parametrize("source", ["page", "site", "feed"])
@pytest.mark.parametrize(
    "address",
    [
        "http://planted99@secret.example/",
        "http://:planted99@secret.example/",
        "user:planted99@secret.example/",
        "http:\\\\user:planted99@secret.example/",
        "http://user:planted99@/",
        "https://secret.example/?API%5FKEY=planted99",
        "https://secret.example/;access_token=planted99",
        "https://secret.example/#access_token=planted99",
        "https://secret.example/?a=1&X-Amz-Signature=planted99",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(source: str, address: str) -> None:  # G-31, R-228
    found = problems(project(f"watches: [{{{source}: '{address}'}}]"))

    assert len(found) == 1
    assert "planted99" not in found[0]


@pytest.mark.parametrize("address", ["https://s.example/@user", "s.example/?key=12&token=a&mail=a@b.example&u=http://b.example"])
def test_what_only_looks_like_a_secret_may_be_watched(address: str) -> None:
    [watch] = read_watchlist(project(f"watches: [{{page: '{address}'}}]")).watches()

    assert watch.target == normalise_url(address if "://s" in address else f"https://{address}")


def test_all_mistakes_are_told_at_once() -> None:
    found = problems("""
        projects:
          - id: north tea
            titel: North Tea
            timezone: Europe/Moskow
            entities:
              - id: a
                name: A
                watches:
                  - hacker_new: tea
                  - site: a.example
                    options: {depth: 3}
              - id: a
                name: B
            topics:
              - {id: t, query: x, entity: b}
    """)

    assert [problem.partition(": ")[0].removeprefix("watchlist.yml:") for problem in found] == [
        "3",
        "3",
        "4",
        "5",
        "10",
        "12",
        "13",
        "16",
    ]
    assert any('Did you mean "Europe/Moscow"?' in problem for problem in found)


def test_no_mistake_of_a_watch_hides_another() -> None:
    found = problems(
        project("""
        domains: [a b, c d]
        watches:
          - page: x.example
            options: {selector: "##"}
            ignore:
              - "["
              - "("
            role: own
          - site: x.example
            options:
              max_pages: 0
              depth: 3
              exclude: "("
        """)
    )

    assert [int(problem.split(":")[1]) for problem in found] == [7, 7, 10, 12, 13, 14, 17, 18, 19]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "watchlist.yml:1: the watchlist is empty; `dozor init` writes one to start from"),
        ("projects: []", 'watchlist.yml:1: "projects" is empty'),
        ("- 1", "watchlist.yml:1: the file should be a mapping of keys to values"),
        ("projects:\n\t- id: x", "watchlist.yml:2: not valid YAML: found character that cannot start any token"),
        ("projects: [\n", "watchlist.yml:2: not valid YAML: "),
        ("a: \x07", "watchlist.yml:1: not valid YAML: the character U+0007 is not allowed"),
        ("a: *nothing", "watchlist.yml:1: not valid YAML: found undefined alias"),
        ("a: &loop [*loop]", "watchlist.yml:1: an alias refers to what contains it"),
        ("a: " + "[" * 4000, f"watchlist.yml:1: nested deeper than {MAX_DEPTH} levels"),
        ("? [a, b]\n: 1", "watchlist.yml:1: a key must be plain text"),
    ],
)
def test_a_file_that_is_no_watchlist_is_refused_with_a_line(text: str, message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(text)), problems(text)


def test_a_bomb_of_aliases_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))

    assert any("values once aliases are expanded" in problem for problem in problems(bomb))


def test_aliases_may_be_used() -> None:
    watchlist = read_watchlist(project("domains: &d [a.example]\naliases: *d"))

    assert watchlist.reference()["entity"][0]["aliases"] == ["a.example"]


@pytest.mark.parametrize("text", ["no", "on", "yes", "12:30", "0123", "0x1F", "1e5", "1.10", "2026-11-19", "~x", "null"])
def test_words_stay_what_was_written(text: str) -> None:
    expected = None if text == "null" else text

    assert read_yaml(f"a: {text}").data == {"a": expected}


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yml"
    path.write_bytes("projects:\n- title: Чай".encode("cp1251"))

    with pytest.raises(WatchlistError, match=r"watchlist\.yml:2: not UTF-8"):
        load_watchlist(path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yml"
    path.write_bytes(b"\xef\xbb\xbf" + TWO_CLIENTS.encode())

    assert len(load_watchlist(path).watches()) == 3


def test_the_file_to_start_from_is_valid() -> None:
    watchlist = load_watchlist(DOZOR / "start_watchlist.yml")

    assert {watch.source for watch in watchlist.watches()} >= {"site", "page", "feed", "telegram_channel", "app_store_app"}


def test_the_schema_for_editors_is_current() -> None:
    """Mend it with: dozor validate --schema > dozor/watchlist.schema.json"""
    assert json.loads((DOZOR / "watchlist.schema.json").read_text("utf-8")) == json_schema()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_watchlist_or_a_list_of_problems(text: str) -> None:
    try:
        read_watchlist(text)
    except WatchlistError as error:
        assert error.problems  # noqa: PT017  any other exception fails the test


_yaml = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "title", "entities", "watches", "topics", "site", "source", "target", "options", "ignore", "role"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(_yaml)
def test_any_shape_is_a_watchlist_or_a_list_of_problems(shape: object) -> None:
    try:
        read_watchlist(
            json.dumps(
                {"projects": [shape, {"id": "p", "title": "P", "entities": [{"id": "e", "name": "E", "watches": [shape]}]}]}
            )
        )
    except WatchlistError as error:
        assert error.problems  # noqa: PT017  any other exception fails the test
