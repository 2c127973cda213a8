"""robots.txt: what a site allows us to ask (RFC 9309), its Crawl-delay and its sitemaps.

Parsing and matching are our own. protego misses cases of the reference suite (`User-agent: Foo Bar`), does not match `/*page=`
against `/x1page=` and loses the first group behind a byte order mark: of 1 230 real files it allows what some 50 deny. Like
Google's reference parser, ours forgives typing errors, and its time is bounded by pattern times path.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections import OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import quote

import can_ada

from collectors.fetch import Answer, Fetcher
from collectors.limits import LOOK_AGAIN_SECONDS
from collectors.reach import excluded_by
from collectors.source import Request, Source
from collectors.urls import host_of

LARGEST_FILE = 500 * 1024  # bytes read, RFC 9309 2.5: at least 500 KiB
LONGEST_PATTERN = 2_083
MOST_WILDCARDS = 64
MOST_SITEMAPS = 1_000
LONGEST_DELAY = 30.0  # seconds of Crawl-delay that are honoured: a larger one would end a crawl in all but name
UNREACHABLE_SECONDS = 600.0  # a host without an answer is asked for its rules again after this
KEPT_HOSTS = 4_096

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_KEYS = {
    "user-agent": "agent",
    "useragent": "agent",
    "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow",
    "dissallow": "disallow",
    "dissalow": "disallow",
    "disalow": "disallow",
    "diasllow": "disallow",
    "disallaw": "disallow",
    "crawl-delay": "delay",
    "crawldelay": "delay",
    "crawl delay": "delay",
    "sitemap": "sitemap",
    "site-map": "sitemap",
}
_EVERYONE = re.compile(r"\*(?:\s|$)")
_AGENT = re.compile(r"^[A-Za-z_-]*")
_UNESCAPED = re.compile(r"[^!#-;=?-\[\]_a-z~]+")
_ESCAPED = re.compile(r"%[0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a URL may be asked, and why."""

    allowed: bool
    rule: str = ""  # the line that decided, or what happened to robots.txt
    delay: float | None = None  # Crawl-delay in seconds, at most LONGEST_DELAY
    sitemaps: tuple[str, ...] = ()
    is_unreachable: bool = False  # the host did not say: it may be down, or asks to be left alone


@dataclass(slots=True)
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[bool, str]] = field(default_factory=list)  # (is allowed, pattern)
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one host for one agent."""

    rules: tuple[tuple[bool, str], ...] = ()  # (is allowed, pattern), the longest first, allow before disallow
    delay: float | None = None
    sitemaps: tuple[str, ...] = ()
    verdict: bool | None = None  # decides everything, where no file does
    reason: str = ""
    is_unreachable: bool = False

    def decide(self, url: str) -> Decision:
        """The longest matching pattern decides; allow wins a tie; nothing matching is allowed (RFC 9309, 2.2.2)."""
        if self.verdict is not None:
            return Decision(self.verdict, self.reason, self.delay, self.sitemaps, self.is_unreachable)
        if not self.rules:
            return Decision(True, "", self.delay, self.sitemaps)
        path = _path_of(url)
        rule = next((rule for rule in self.rules if matches(rule[1], path)), None) if path != "/robots.txt" else None
        if rule is None:
            return Decision(True, "", self.delay, self.sitemaps)
        return Decision(rule[0], f"{'Allow' if rule[0] else 'Disallow'}: {rule[1]}", self.delay, self.sitemaps)


def parse(body: bytes, agent: str) -> Rules:
    """The rules of a robots.txt for the product name `agent`: those of all groups that name it, else of all groups for `*`."""
    groups: list[_Group] = []
    sitemaps: dict[str, None] = {}
    current: _Group | None = None
    has_rules = False
    for key, value in _lines(body):
        if key == "agent":
            if current is None or has_rules:
                current = _Group()
                groups.append(current)
                has_rules = False
            name = value.strip()
            current.agents.add("*" if _EVERYONE.match(name) else _AGENT.findall(name)[0].lower())
        elif key == "sitemap":
            if value and len(sitemaps) < MOST_SITEMAPS:
                sitemaps.setdefault(value)
        elif key == "delay":
            if current is not None:
                has_rules = True
                if current.delay is None:
                    current.delay = _delay(value)
        elif current is not None:
            has_rules = True
            if value and (pattern := _bounded(value, key == "allow")):
                current.rules.append((key == "allow", _escaped(pattern)))
    mine = agent.partition("/")[0].strip().lower()
    chosen = [group for group in groups if mine in group.agents] or [group for group in groups if "*" in group.agents]
    rules = dict.fromkeys(rule for group in chosen for rule in group.rules)
    return Rules(
        rules=tuple(sorted(rules, key=lambda rule: (-len(rule[1]), not rule[0]))),
        delay=next((group.delay for group in chosen if group.delay is not None), None),
        sitemaps=tuple(sitemaps),
    )


def matches(pattern: str, path: str) -> bool:
    """Whether a path begins with a pattern; `*` stands for anything, a `$` at the end for the end."""
    is_anchored = pattern.endswith("$")
    pieces = (pattern[:-1] if is_anchored else pattern).split("*")
    if not path.startswith(pieces[0]):
        return False
    if len(pieces) == 1:
        return not is_anchored or len(path) == len(pieces[0])
    position = len(pieces[0])
    for piece in pieces[1:-1]:
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    last = pieces[-1]
    if is_anchored:
        return len(path) - len(last) >= position and path.endswith(last)
    return path.find(last, position) >= 0


class Robots:
    """Answers for all hosts. Each is asked for its rules once a day by whoever needs them first, of all sources and processes."""

    def __init__(self, fetcher: Fetcher, source: Source, agent: str | None = None, day: str = "") -> None:
        """`source` lends its pace to the requests, which are none of its budget; `agent` is the product name, taken from the user
        agent by default; `day` is the one of the run: what a host said for another day does not hold.
        """
        self._fetcher = fetcher
        self._source = replace(source, name="robots", auth=None, max_body=LARGEST_FILE * 4)
        self._agent = agent or fetcher.user_agent.partition("/")[0]
        self._day = day
        self._known: OrderedDict[str, tuple[Rules, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    async def allows(self, url: str) -> Decision:
        """Whether `url` may be asked."""
        try:
            parts = can_ada.parse(url)
        except ValueError:
            return Decision(False, "not a URL")
        return (await self._rules(f"{parts.protocol}//{parts.host}")).decide(url)

    async def _rules(self, origin: str) -> Rules:
        known = self._known.get(origin)
        if known is not None and time.time() < known[1]:
            return known[0]
        async with self._asking.setdefault(origin, asyncio.Lock()):
            known = self._known.get(origin)
            if known is not None and time.time() < known[1]:
                return known[0]
            rules, _ = self._known[origin] = await self._shared(origin)
            if len(self._known) > KEPT_HOSTS:
                self._known.popitem(last=False)
        self._asking.pop(origin, None)
        return rules

    async def _shared(self, origin: str) -> tuple[Rules, float]:
        """The rules of an origin and how long they hold: from the book of all processes, or asked for and noted there."""
        book = self._fetcher.limits
        while (kept := book.kept_robots(origin, self._day, time.time())) is None:
            if book.claim_robots(origin, self._day, time.time()):
                return await self._ask(origin)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return _unpacked(kept[0]), kept[1]

    async def _ask(self, origin: str) -> tuple[Rules, float]:
        book = self._fetcher.limits
        url = f"{origin}/robots.txt"
        request = Request(url=url, headers={"accept": "text/plain,*/*;q=0.5"})
        try:
            answer = await self._fetcher.fetch(request, self._source, url=url)
            rules = rules_of(answer, self._agent)
        except BaseException:
            book.release_robots(origin, self._day)
            raise
        until = _kept_until(rules, answer)
        book.keep_robots(origin, self._day, _packed(rules), time.time(), until)
        return rules, until


async def permission(url: str, denied_hosts: AbstractSet[str], robots: Robots | None) -> Decision:
    """Whether the user and robots.txt (None where it is not obeyed) let us ask for an address; the reason names whose rule."""
    if excluded := excluded_by(url, denied_hosts):
        return Decision(False, f"{excluded} is excluded (denied_hosts in dozor.yml)")
    if robots is None:
        return Decision(True)
    decision = await robots.allows(url)
    if decision.allowed:
        return decision
    whose = f"robots.txt of {host_of(url)}"
    happened = decision.rule.removeprefix("robots.txt ")  # to the file, else it is a line of it
    return replace(decision, rule=f"{whose} {happened}" if happened != decision.rule else f"{whose}: {decision.rule}")


def rules_of(answer: Answer, agent: str) -> Rules:
    """What an answer to /robots.txt means (RFC 9309, 2.3.1): missing = all allowed, unreachable = nothing allowed."""
    status = answer.http_status or 0
    if answer.error in ("too_large", "bomb"):
        return Rules(verdict=False, reason=f"robots.txt is out of bounds: {answer.error_detail}")
    if answer.error == "redirect":
        return Rules(verdict=True, reason=f"robots.txt is unavailable: {answer.error_detail}")
    if answer.error in ("guard", "scheme"):  # the host is well; it is we who do not go there
        return Rules(verdict=False, reason=f"robots.txt may not be asked: {answer.error_detail}")
    if answer.error:
        return Rules(verdict=False, reason=f"robots.txt is unreachable: {answer.error_detail}", is_unreachable=True)
    if status == 429 or status >= 500:
        return Rules(verdict=False, reason=f"robots.txt is unreachable: {status}", is_unreachable=True)
    if not 200 <= status < 300:
        return Rules(verdict=True, reason=f"no robots.txt: {status}")
    return parse((answer.body or b"")[:LARGEST_FILE], agent)


def _kept_until(rules: Rules, answer: Answer) -> float:
    now = time.time()
    if rules.verdict is False:
        return now + max(UNREACHABLE_SECONDS, answer.retry_after or 0.0)
    midnight = (now // 86400 + 1) * 86400
    return min(midnight, now + 86400)


def _packed(rules: Rules) -> str:
    return json.dumps(asdict(rules))


def _unpacked(text: str) -> Rules:
    facts = json.loads(text)
    return Rules(**{**facts, "rules": tuple(map(tuple, facts["rules"])), "sitemaps": tuple(facts["sitemaps"])})


def _lines(body: bytes) -> list[tuple[str, str]]:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body.decode("utf-16", "replace").encode()
    body = body.removeprefix(b"\xef\xbb\xbf")
    found = []
    for raw in _LINE_ENDS.split(body):
        line = raw.partition(b"#")[0].decode("utf-8", "replace").replace("\0", "").strip()
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon:  # a forgotten colon is forgiven where two words stand
            words = line.split()
            if len(words) != 2:
                continue
            name, value = words
        key = _KEYS.get(name.strip().lower())
        if key is not None:
            found.append((key, value.strip()))
    return found


def _bounded(pattern: str, is_allowed: bool) -> str:
    """A pattern of bearable size: one too large is cut short where it forbids (it forbids more), left out where it allows."""
    if len(pattern) <= LONGEST_PATTERN and pattern.count("*") <= MOST_WILDCARDS:
        return pattern
    return "" if is_allowed else "*".join(pattern[:LONGEST_PATTERN].split("*")[:MOST_WILDCARDS])


def _delay(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_DELAY)


def _path_of(url: str) -> str:
    parts = can_ada.parse(url)
    return _escaped(parts.pathname + parts.search)


def _escaped(text: str) -> str:
    """One spelling for patterns and paths: percent-encoded as in URLs, hex digits upper-case."""
    text = _UNESCAPED.sub(lambda match: quote(match.group(), safe="\\"), text)
    return _ESCAPED.sub(lambda match: match.group().upper(), text) if "%" in text else text
