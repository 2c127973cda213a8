"""The price that a product page prints: of all prices in its text the one that stands best to title and buy button.

One walk over the page gives its pieces of text in order, with the places of the title and of what buys. Each price is scored:
near after the title, near the buy button, its elements' names, not in a link, not struck through, not beside "was" or "delivery".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.cards import has_link, is_alike
from collectors.reading.document import TAG_IDS, TEXT, Document
from collectors.reading.node_text import price_text_of, text_of
from collectors.reading.prices import Price, read_price

MAX_CHUNKS = 30_000  # pieces of text that are looked at
MAX_NODES = 150_000
MAX_PLACES = 50  # pieces with digits that are looked at: those nearest to title and buy button
MAX_PRICE_TEXT = 60
LEAST_SCORE = 1.0
MAX_SIBLINGS = 60
MIN_ALIKE = 4  # so many blocks of one shape with prices make a listing
OLD_PENALTY = 3.0

_CURRENCY = (
    r"(?:US\s?\$|[A-Z]{1,2}\$|[$€£¥￥₽₴₸₹₺₩₪฿₫₱₦]|руб(?:лей|\.)?|р\.|грн|тг\b|лв\.?|Kč|kč|zł|Zł|\bkn\b|\bKn\b|\bkr\b\.?|\bFt\b|"
    r"\blei\b|\bRs\.?|\bRM\b|\bRp\b|\bTL\b|円|元|원|\bCHF\b|\bEUR\b|\bUSD\b|\bGBP\b|"
    r"\bRUB\b|\bPLN\b|\bSEK\b|\bNOK\b|\bDKK\b|\bAUD\b|\bCAD\b|\bPKR\b|\bINR\b|\bSEK\b|\bHRK\b|,-)"
)
# One of these is in every price of the pattern below: asked first, since the pattern tries all of them at every place.
_SIGN_LETTERS = frozenset("$€£¥￥₽₴₸₹₺₩₪฿₫₱₦円元원")
_SIGN_WORDS = (
    *(
        "руб",
        "р.",
        "грн",
        "тг",
        "лв",
        "Kč",
        "kč",
        "zł",
        "Zł",
        "kn",
        "Kn",
        "kr",
        "Ft",
        "lei",
        "Rs",
        "RM",
        "Rp",
        "TL",
        "CHF",
        "EUR",
    ),
    *("USD", "GBP", "RUB", "PLN", "SEK", "NOK", "DKK", "AUD", "CAD", "PKR", "INR", "HRK", ",-"),
)
_NUMBER = r"\d{1,3}(?:[\s.,'’\u00a0\u202f]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
PRICE = re.compile(rf"{_CURRENCY}\s*(?:{_NUMBER})|(?:{_NUMBER})\s*{_CURRENCY}")
_DIGIT = re.compile(r"\d")
_BARE = re.compile(rf"\W*(?:{_CURRENCY})?\s*\d[\d.,' ]*\s*(?:{_CURRENCY})?\W*\Z")
_CENTS = re.compile(r"[.,]?\d{2}(?:\s*(?:€|zł|Kč|₽))?\Z")
_CHANGE = re.compile(r"\(?[+\-\u2212]|.*\d\s*\+$")  # what a choice adds or takes; a filter's "250+"
_SIGNS = (
    "$",
    "€",
    "£",
    "₽",
    "руб",
    "zł",
    "Kč",
    "kr",
    "¥",
    "円",
    "元",
    "원",
    "₴",
    "грн",
    "₸",
    "₹",
    "Rs",
    "₺",
    "₪",
    "CHF",
    "Ft",
    "лв",
    "kn",
    "EUR",
)
_PERCENT = re.compile(r"[-\u2212\u2013]?\s?(\d{1,2})\s?%\Z")
_NO_TEXT = frozenset(TAG_IDS[name] for name in ("script", "style", "noscript", "template", "option", "textarea", "title", "svg"))
_H1, _INPUT, _BUTTON = (TAG_IDS[name] for name in ("h1", "input", "button"))
_INPUTS = frozenset((_INPUT, _BUTTON))


@dataclass(slots=True)
class Printed:
    """What the page prints; fields as in ReadOffer."""

    name: str | None = None
    price: Price | None = None
    old_amount: Decimal | None = None
    is_listed: bool = False  # the price stands in one of several blocks of one shape, each with a link and a price
    sku: str | None = None
    weak_sku: str | None = None  # beside a label that names other things too ("Reference")
    gtin: str | None = None
    mpn: str | None = None
    brand: str | None = None
    availability: str | None = None
    availability_text: str | None = None


@dataclass(slots=True)
class Walk:
    """The text of a page in order, and where the title and the first thing that buys stand in it."""

    chunks: list[str] = field(default_factory=list)
    nodes: list[LexborNode] = field(default_factory=list)  # the piece of text that each chunk is
    title: str | None = None
    title_at: int | None = None
    around_title: frozenset[int] = frozenset()  # elements that hold the title too: what they are called says nothing of a price
    buys: list[int] = field(default_factory=list)
    away: dict[int, bool] = field(default_factory=dict)  # element -> whether its name says that it shows other things
    judged: dict[str, tuple[bool, bool, bool]] = field(default_factory=dict)  # names around a price -> what they say of it
    buy_buttons: int = 0

    def around(self, at: int) -> LexborNode:
        """The element around a chunk."""
        node = self.nodes[at]
        return node.parent or node


def walk_page(document: Document, heading: str = "") -> Walk:
    """One pass over the body. Prose of 250 characters and more, scripts and choices of a form are left out.

    The title is the first-level heading that shares most words with `heading`, the page's title as its head says it.
    """
    walk = Walk()
    wanted = words_of(heading)
    closest = -1
    body = document.tree.body
    if body is None:
        return walk
    chunks, nodes = walk.chunks, walk.nodes
    is_closed = False  # whether the next text is that of a script or the like
    for number, node in enumerate(body.traverse(include_text=True, skip_empty=True)):
        tag = node.tag_id
        if tag == TEXT:
            text = node.text_content or ""
            if is_closed or len(text) > 500:
                is_closed = False
                continue
            text = " ".join(text.split())
            if not text or len(text) > 250:
                continue
            if len(text) < 40 and words.key_of(text) in words.BUY:
                walk.buys.append(len(chunks))
                walk.buy_buttons += 1
            chunks.append(text)
            nodes.append(node)
            if len(chunks) >= MAX_CHUNKS:
                break
            continue
        is_closed = tag in _NO_TEXT
        if tag == _H1:
            name = text_of(node)
            shared = len(words_of(name) & wanted)
            if name and shared > closest:
                closest, walk.title, walk.title_at = shared, name[:300], len(chunks)
                walk.around_title = frozenset(above.mem_id for above in elements_above(node, 30))
        elif tag in _INPUTS:
            attributes = node.attributes
            label = (attributes.get("value") or attributes.get("aria-label") or attributes.get("title") or "").strip()
            if label and len(label) < 40 and words.key_of(label) in words.BUY:
                walk.buys.append(len(chunks))
                walk.buy_buttons += tag == _INPUT
        if number > MAX_NODES:
            break
    return walk


def words_of(text: str) -> set[str]:
    """The words of a short text, for comparing titles."""
    return set(re.findall(r"\w+", text[:300].lower()))


class _Candidate:
    """A price in the text, and what speaks for it."""

    __slots__ = ("at", "is_bad", "is_old", "price", "score")

    def __init__(self, at: int, price: Price, score: float, *, is_old: bool, is_bad: bool) -> None:
        self.at = at
        self.price = price
        self.score = score
        self.is_old = is_old
        self.is_bad = is_bad


def read_printed_price(walk: Walk, page: Printed, lang: str | None) -> None:
    """Sets the price of `page`, and the one before it where it is struck through."""
    taken: set[int] = set()
    places = [at for at, chunk in enumerate(walk.chunks) if len(chunk) <= MAX_PRICE_TEXT and _DIGIT.search(chunk)]
    if len(places) > MAX_PLACES:
        places = sorted(sorted(places, key=lambda at: -_place(walk, at))[:MAX_PLACES])
    candidates = [candidate for at in places if (candidate := _candidate(walk, at, taken, lang)) is not None]
    if not candidates:
        return
    votes = Counter(one.price.amount for one in candidates)
    for one in candidates:
        if one.is_old and not any(abs(one.at - other.at) <= 4 and not other.is_old and not other.is_bad for other in candidates):
            one.score += OLD_PENALTY - 0.5  # nothing stands beside it that could be the price now
        one.score += _place(walk, one.at) + 0.15 * min(votes[one.price.amount] - 1, 4)
    best = max(candidates, key=lambda one: (one.score, -one.at))
    if best.score < LEAST_SCORE or best.price.amount is None:
        return
    page.price = best.price
    page.is_listed = _is_listed(walk.around(best.at))
    olds = (one.price.amount for one in candidates if one.is_old and abs(one.at - best.at) <= 8 and one.price.amount is not None)
    page.old_amount = (
        best.price.old_amount
        or next((old for old in olds if old > best.price.amount), None)
        or _cut_from(walk, best.at, best.price.amount, candidates)
    )


def _cut_from(walk: Walk, at: int, amount: Decimal, candidates: list[_Candidate]) -> Decimal | None:
    """The price close by from which the discount printed beside ("-19%") leads to this one."""
    for chunk in walk.chunks[max(0, at - 4) : at + 5]:
        if match := _PERCENT.match(chunk):
            for other in candidates:
                old = other.price.amount
                is_near = old is not None and old > amount and abs(other.at - at) <= 5
                if is_near and old is not None and abs((1 - amount / old) * 100 - int(match.group(1))) <= 1:
                    return old
    return None


def _is_listed(node: LexborNode) -> bool:
    for block in elements_above(node, 8):
        alike = 0
        other = block.parent.first_child if block.parent is not None else None
        for _ in range(MAX_SIBLINGS):
            if other is None:
                break
            if other.is_element_node and is_alike(block, other):
                alike += has_link(other) and _shows_price(other.text()[:2_000])
            other = other.next
        if alike >= MIN_ALIKE:
            return True
    return False


def _shows_price(text: str) -> bool:
    """Whether a text holds a sign of a currency and a digit: less exact than PRICE, and fast on long texts."""
    return any(sign in text for sign in _SIGNS) and _DIGIT.search(text) is not None


def _place(walk: Walk, at: int) -> float:
    score = 0.0
    if walk.title_at is not None:
        distance = at - walk.title_at
        score += max(2.0 - distance / 30, -1.0) if distance >= 0 else -1.0
    if walk.buys:
        distance = min(abs(buy - at) for buy in walk.buys[:20])
        score += max(1.2 - distance / 12, 0.0)
    return score


def _candidate(walk: Walk, at: int, taken: set[int], lang: str | None) -> _Candidate | None:
    shown, node = _whole_price(walk, at)
    if shown is None or node.mem_id in taken:
        return None
    taken.add(node.mem_id)
    price = read_price(shown, None, lang)
    if price.amount is None or price.amount == 0:
        return None
    score = 1.5 if len(shown) <= 18 and _BARE.match(shown) else 1.0 if len(shown) <= 30 else 0.0
    names = [_name(node), *names_above(node, 4)]
    near = " ".join(names[:3])
    before = walk.chunks[at - 1][-40:] if at else ""
    named_old, named_bad, named_good = _judged(walk, near)
    is_old = (
        named_old or any(name.startswith(("del ", "s ", "strike ")) for name in names[:4]) or bool(words.OLD_TEXT.search(before))
    )
    says_bad = bool(words.BAD_TEXT.search(before) or words.BAD_TEXT.search(shown))
    score -= OLD_PENALTY * is_old
    score -= 1.5 * named_bad
    score -= 1.5 * says_bad
    score += 0.8 * named_good
    score -= 1.0 * (price.high_amount is not None)  # a filter more often than a product
    score -= 2.0 * (price.is_monthly or bool(_CHANGE.match(shown)))
    score -= 2.0 * _is_away(walk, node)
    score -= 1.0 * any(name.startswith("a ") for name in names[:5])
    return _Candidate(at, price, score, is_old=is_old, is_bad=named_bad or says_bad)


def _judged(walk: Walk, names: str) -> tuple[bool, bool, bool]:
    """Whether names speak of a price before, of another amount, of the price now; prices of one page are often named alike."""
    if names not in walk.judged:
        walk.judged[names] = (
            words.OLD_NAME.search(names) is not None,
            words.BAD_NAME.search(names) is not None,
            words.GOOD_NAME.search(names) is not None,
        )
    return walk.judged[names]


def _is_away(walk: Walk, node: LexborNode) -> bool:
    """Whether the price stands among other products; elements around the title too say nothing of that."""
    for level, above in enumerate(elements_above(node, 9)):
        mark = above.mem_id
        if level == 0 or mark in walk.around_title:
            continue
        if mark not in walk.away:
            walk.away[mark] = bool(words.AWAY_NAME.search(_name(above)))
        if walk.away[mark]:
            return True
    return False


def _whole_price(walk: Walk, at: int) -> tuple[str | None, LexborNode]:
    """The printed price that begins in a chunk: the chunk itself, or the small element that joins it with its sign or cents."""
    chunk, node = walk.chunks[at], walk.around(at)
    if _has_sign(chunk) and PRICE.search(chunk):
        following = walk.chunks[at + 1] if at + 1 < len(walk.chunks) else ""
        parent = node.parent
        if _CENTS.match(following) and parent is not None and len(parent.text()) <= 100:
            around = price_text_of(parent)
            if len(around) <= 25:
                return around, parent
        return chunk, node
    if len(chunk) > 14 or not _BARE.match(chunk):
        return None, node
    current: LexborNode | None = node
    for _ in range(3):
        current = current.parent if current is not None else None
        if current is None:
            break
        if len(current.text()) > 200:  # asked first, since it is fast on elements of any size
            break
        around = price_text_of(current)
        if len(around) > 30:
            break
        if PRICE.search(around):
            return around, current
    return None, node


def _has_sign(text: str) -> bool:
    return not _SIGN_LETTERS.isdisjoint(text) or any(word in text for word in _SIGN_WORDS)


def _name(node: LexborNode) -> str:
    attributes = node.attributes
    kind = attributes.get("data-testid") or attributes.get("data-qa") or attributes.get("itemprop") or ""
    if "line-through" in (attributes.get("style") or ""):
        kind += " line-through"
    return f"{node.tag} {attributes.get('class') or ''} {attributes.get('id') or ''} {kind}"[:200]


def names_above(node: LexborNode, levels: int = 9) -> Iterator[str]:
    """Tag, class and id of the elements around a node, from inside out."""
    return (_name(above) for above in elements_above(node, levels))


def elements_above(node: LexborNode, levels: int) -> Iterator[LexborNode]:
    """The elements around a node below the body, from inside out."""
    parent = node.parent
    while parent is not None and levels and parent.tag not in ("body", "html"):
        yield parent
        parent = parent.parent
        levels -= 1
