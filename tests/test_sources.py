"""What every source must keep, found through the registry: a new source is tested by being there and having fixtures."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import collectors.sources
from collectors.records import KINDS, identity
from collectors.registry import RegistryError, _load, sources
from collectors.source import LINKED, OK, TARGET, Budget, ParseError, Source
from collectors.urls import host_of, registrable_domain
from tests.source_fixtures import FIXTURES, NIGHT, Case, NothingKnown, address, answer_of, capture, cases, further, watch_of

NAMES = sorted(sources())
CASES = [pytest.param(case, id=f"{case.source}-{case.name}") for case in cases()]
READ = [pytest.param(case, id=f"{case.source}-{case.name}") for case in cases() if case.module.judge(case.capture()).kind == "ok"]

CHALLENGE = b"""<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<noscript>Enable JavaScript and cookies to continue</noscript><script>window._cf_chl_opt={cvId:'3'};</script></body></html>"""
GARBAGE = {
    "challenge page": CHALLENGE,
    "nothing": b"",
    "white space": b" \r\n\t ",
    "zeros": b"\x00" * 400,
    "half an object": b'{"hits": [{"objectID": "1"',
    "null": b"null",
    "empty object": b"{}",
    "empty list": b"[]",
    "a number": b"17",
    "a word": b"OK",
    "brackets without end": b"[" * 100_000,
}
ALLOWED_IMPORTS = {"selectolax", "collectors"}
# Of our own, whatever reads or says what a thing is; never what asks the outside or touches the disk.
FORBIDDEN = re.compile(
    r"collectors\.(?:sources|fetch|crawl|archive|known|limits|robots|origins|runs|registry)\b|^(?:os|sys|io|time|random|socket|subprocess|pathlib|threading|asyncio|logging)$"
)
FORBIDDEN_CALLS = {"now", "utcnow", "today", "open", "print", "getenv", "eval", "exec"}


@pytest.mark.parametrize("name", NAMES)
def test_the_declaration_is_complete(name: str) -> None:
    source = sources()[name].declaration

    assert re.fullmatch(r"[a-z]+(?:_[a-z]+)*", source.name)
    assert set() < set(source.kinds) <= set(KINDS)
    assert all((source.hosts, source.target, source.version))
    assert source.base_url or TARGET in source.hosts
    assert source.terms_url.startswith("https://") or TARGET in source.hosts  # a rival's site has terms of its own
    assert source.obeys_robots or TARGET not in source.hosts
    assert source.pace_seconds >= 0.2
    assert min(source.max_requests, source.max_body) > 0
    assert all(meaning for meaning in source.options.values())
    assert set(source.budgets) <= set(source.options)
    assert source.budgets.get("max_pages", Budget(source.max_requests)).default == source.max_requests
    columns = Counter(one.name for kind in source.kinds for one in fields(kind))
    assert {columns[name] for name in source.expect.fill} <= {1}, (
        "a fill rate must be of one kind: it is judged in every table that has the column"
    )
    assert (sys.modules[f"collectors.sources.{name}"].__doc__ or "").strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_source_has_fixtures_that_parse(name: str) -> None:
    assert any(case.module.judge(case.capture()).kind == "ok" for case in cases(name))


@pytest.mark.parametrize("name", NAMES)
def test_spellings_of_one_target_are_one_target(name: str) -> None:
    module, (watch, spellings) = sources()[name], watch_of(name)

    assert {spelt: module.canonical_target(spelt.strip()) for spelt in spellings} == dict(spellings)
    assert module.canonical_target(watch.target) == watch.target
    assert module.matches_target(watch.target)
    assert module.canonical_options(watch.options) == watch.options


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=60))
def test_any_target_is_spelt_one_way_or_refused(name: str, text: str) -> None:
    module = sources()[name]
    try:
        target = module.canonical_target(text.strip())
    except ValueError:
        return
    if module.matches_target(target):
        assert module.canonical_target(target) == target


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_the_same_twice_and_keeps_to_declared_hosts(name: str) -> None:
    module, (watch, _) = sources()[name], watch_of(name)

    requests = list(module.plan(watch, NIGHT, NothingKnown()))

    assert requests
    assert requests == list(module.plan(watch, NIGHT, NothingKnown()))
    assert len({request.fingerprint for request in requests}) == len(requests)
    for request in requests:
        assert json.loads(json.dumps(request.context)) == request.context
        assert _is_declared(address(request, module.declaration.base_url), module.declaration, watch.target)


@pytest.mark.parametrize("case", CASES)
def test_a_fixture_gives_what_was_reviewed(case: Case) -> None:
    answer = answer_of(case)
    if not case.expected_path.exists():
        case.expected_path.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"wrote {case.expected_path.relative_to(FIXTURES)}: read it; if it is right, commit it and run again")

    assert answer == json.loads(case.expected_path.read_text("utf-8"))


@pytest.mark.parametrize("case", READ)
def test_reading_twice_and_in_another_time_zone_gives_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    here = answer_of(case)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert answer_of(case) == here
    finally:
        monkeypatch.delenv("TZ")
        os.environ.pop("TZ", None)
        time.tzset()


@pytest.mark.parametrize("case", READ)
def test_records_are_of_declared_kinds_with_identities_that_differ(case: Case) -> None:
    records = _records(case)
    identities = [(type(record), identity(record)) for record in records]

    assert {type(record) for record in records} <= set(case.module.declaration.kinds)
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("case", READ)
def test_times_are_utc(case: Case) -> None:
    for record in _records(case):
        for one in fields(record):
            value = getattr(record, one.name)
            assert not isinstance(value, datetime) or value.utcoffset() == timedelta(0), one.name


@pytest.mark.parametrize("case", READ)
def test_further_requests_keep_to_declared_hosts_and_carry_json(case: Case) -> None:
    module, (watch, _) = case.module, watch_of(case.source)
    try:
        requests = further(case)
    except ParseError:
        return  # a fixture of a broken answer
    for request in requests:
        url = address(request, module.declaration.base_url)
        assert json.loads(json.dumps(request.context)) == request.context
        assert _is_declared(url, module.declaration, watch.target) or request.label == "sitemap", url


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("name", NAMES)
def test_garbage_raises_instead_of_giving_nothing(name: str, body: bytes) -> None:  # HTML where JSON was due
    module = sources()[name]
    for case in {case.capture().label: case for case in cases(name)}.values():  # one of each branch
        answer = case.capture(body=body, http_status=200, media_type="text/html", headers={})
        with pytest.raises(ParseError):
            list(module.parse(answer))


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("name", NAMES)
def test_garbage_is_judged_without_a_fault(name: str, body: bytes) -> None:
    for case in cases(name):
        verdict = sources()[name].judge(case.capture(body=body, http_status=200))
        assert verdict == OK or verdict.kind in ("failed", "changed", "skip", "stop_watch")


@pytest.mark.parametrize("name", NAMES)
def test_a_source_sees_no_clock_network_environment_or_disk(name: str) -> None:
    path = Path(next(iter(collectors.sources.__path__))) / f"{name}.py"
    tree = ast.parse(path.read_text("utf-8"))

    for module in _imports(tree):
        root = module.partition(".")[0]
        assert root in ALLOWED_IMPORTS or root in sys.stdlib_module_names, module
        assert not FORBIDDEN.search(module), module
    calls = {getattr(node.func, "attr", getattr(node.func, "id", "")) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & FORBIDDEN_CALLS


@pytest.mark.parametrize(
    ("status", "kind"), [(404, "skip"), (410, "skip"), (429, "wait"), (500, "failed"), (503, "wait"), (None, "failed")]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_status_is_never_taken_for_an_answer(name: str, status: int | None, kind: str) -> None:
    case = cases(name)[0]
    verdict = sources()[name].judge(
        case.capture(body=b"<html><h1>Oops</h1></html>", http_status=status, error="" if status else "timeout")
    )

    assert verdict.kind == kind
    assert verdict.reason


def test_an_empty_answer_is_a_failure() -> None:
    assert sources()["page"].judge(capture("page", url="https://north-tea.example/", body=b"")).kind == "failed"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Fri, 20 Nov 2026 02:31:00 GMT", 60),
        ("Fri, 20 Nov 2026 01:00:00 GMT", 0),
        ("soon", 60),
        ("", 60),
        ("9" * 40, 86_400),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float) -> None:
    answer = capture("page", url="https://north-tea.example/", body=b"", http_status=429, headers={"retry-after": said})

    assert sources()["page"].judge(answer).seconds == seconds


def test_a_module_that_is_no_source_is_named() -> None:
    module = ModuleType("collectors.sources.shop")
    module.SOURCE = sources()["page"].declaration  # type: ignore[attr-defined]

    with pytest.raises(RegistryError, match=r"shop\.py is no source: it has no plan, parse"):
        _load(module)


def _records(case: Case) -> list[Any]:
    try:
        return list(case.module.parse(case.capture()))
    except ParseError:
        return []


def _is_declared(url: str, source: Source, target: str) -> bool:
    host = host_of(url)
    if LINKED in source.hosts or host in source.hosts:
        return True
    return TARGET in source.hosts and registrable_domain(host) == registrable_domain(host_of(target))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
