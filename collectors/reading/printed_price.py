"""The price that a product page prints: of all prices in its text the one that stands best to title and buy button.

One walk over the page gives its pieces of text in order, with the places of the title and of what buys. Each price is scored:
near after the title, near the buy button, its elements' names, not in a link, not struck through, not beside "was" or "delivery".
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.cards import has_link, is_alike
from collectors.reading.node_text import price_text_of
from collectors.reading.prices import Price, read_price
from collectors.reading.product_walk import Around, Walk

MAX_PLACES = 50  # pieces with digits that are looked at: those nearest to title and buy button
MAX_PRICE_TEXT = 60
MAX_BUYS = 20  # places of what buys that prices may stand near to
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
_SIGN = re.compile(
    r"[$€£¥￥₽₴₸₹₺₩₪฿₫₱₦円元원]|руб|р\.|грн|тг|лв|Kč|kč|zł|Zł|kn|Kn|kr|Ft|lei|Rs|RM|Rp|TL|CHF|EUR|USD|GBP|RUB|PLN|SEK|NOK|DKK|AUD|"
    r"CAD|PKR|INR|HRK|,-"
)
_NUMBER = r"\d{1,3}(?:[\s.,'’\u00a0\u202f]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
PRICE = re.compile(rf"{_CURRENCY}\s*(?:{_NUMBER})|(?:{_NUMBER})\s*{_CURRENCY}")
_DIGIT = re.compile(r"\d")
_SIGN_ALONE = re.compile(rf"{_CURRENCY}\Z")
_LABEL = re.compile(
    r"(?i)(?:(?:our|your|sale|new|current|unser|ihr|notre|ваша|наша)\s+)?(?:price|prix|preis|precio|prezzo|preço|cena|cijena|prijs|pris|цена|"
    r"стоимость|ціна|价格|價格|価格|가격)\s*[:：]?\Z"
)
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
_STRUCK = frozenset(("del", "s", "strike"))
_PERCENT = re.compile(r"[-\u2212\u2013]?\s?(\d{1,2})\s?%\Z")


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


class _Candidate:
    """A price in the text, and what speaks for it."""

    __slots__ = ("at", "is_bad", "is_old", "price", "score")

    def __init__(self, at: int, price: Price, score: float, *, is_old: bool, is_bad: bool) -> None:
        self.at = at
        self.price = price
        self.score = score
        self.is_old = is_old
        self.is_bad = is_bad


class _Reader:
    """The prices of one page while they are compared."""

    def __init__(self, walk: Walk, lang: str | None) -> None:
        self._walk = walk
        self._lang = lang
        self._buys = walk.buys[:MAX_BUYS]
        self._taken: set[int] = set()

    def candidates(self) -> list[_Candidate]:
        """The prices nearest to title and buy button, in document order."""
        chunks = self._walk.chunks
        places = [at for at, chunk in enumerate(chunks) if len(chunk) <= MAX_PRICE_TEXT and _DIGIT.search(chunk)]
        if len(places) > MAX_PLACES:
            places = sorted(sorted(places, key=self.place, reverse=True)[:MAX_PLACES])
        return [candidate for at in places if (candidate := self._candidate(at)) is not None]

    def place(self, at: int) -> float:
        """How near a chunk is behind the title and to something that buys."""
        score = 0.0
        title_at, buys = self._walk.title_at, self._buys
        if title_at is not None:
            score = max(2.0 - (at - title_at) / 30, -1.0) if at >= title_at else -1.0
        if buys:
            behind = bisect(buys, at)
            before = at - buys[behind - 1] if behind else buys[0] - at
            after = buys[behind] - at if behind < len(buys) else before
            score += max(1.2 - min(before, after) / 12, 0.0)
        return score

    def _candidate(self, at: int) -> _Candidate | None:
        found = _whole_price(self._walk, at)
        if found is None or found[1].mark in self._taken:
            return None
        shown, place = found
        self._taken.add(place.mark)
        price = read_price(shown, None, self._lang)
        if price.amount is None or price.amount == 0:
            return None
        score = 1.5 if len(shown) <= 18 and _BARE.match(shown) else 1.0 if len(shown) <= 30 else 0.0
        chain = list(place.chain(5))
        named_old, named_bad, named_good = _judged(" ".join(above.name for above in chain[:3]))
        before = self._walk.chunks[at - 1][-40:] if at else ""
        after_old, after_bad = _judged_before(before)
        is_old = named_old or after_old or any(above.tag in _STRUCK for above in chain[:4])
        says_bad = after_bad or bool(words.BAD_TEXT.search(shown.lower()))
        score -= OLD_PENALTY * is_old
        score -= 1.5 * named_bad
        score -= 1.5 * says_bad
        score += 0.8 * (named_good or _LABEL.match(before) is not None)
        score -= 1.0 * (price.high_amount is not None)  # a filter more often than a product
        score -= 2.0 * (price.is_monthly or bool(_CHANGE.match(shown)))
        score -= 2.0 * self._is_away(place)
        score -= 1.0 * any(above.tag == "a" for above in chain)
        return _Candidate(at, price, score, is_old=is_old, is_bad=named_bad or says_bad)

    def _is_away(self, place: Around) -> bool:
        """Whether the price stands among other products; elements around the title too say nothing of that."""
        around_title = self._walk.around_title
        outer = place.up.up if place.up is not None else None
        return outer is not None and any(above.is_away for above in outer.chain(8) if above.mark not in around_title)


@lru_cache(maxsize=1024)
def _judged(names: str) -> tuple[bool, bool, bool]:
    """Whether names speak of a price before, of another amount, of the price now; a site names its prices alike."""
    return (
        words.OLD_NAME.search(names) is not None,
        words.BAD_NAME.search(names) is not None,
        words.GOOD_NAME.search(names) is not None,
    )


@lru_cache(maxsize=1024)
def _judged_before(text: str) -> tuple[bool, bool]:
    """Whether the text before a price says that it is one before, or another amount."""
    small = text.lower()
    return words.OLD_TEXT.search(small) is not None, words.BAD_TEXT.search(small) is not None


def read_printed_price(walk: Walk, page: Printed, lang: str | None) -> None:
    """Sets the price of `page`, and the one before it where it is struck through."""
    reader = _Reader(walk, lang)
    candidates = reader.candidates()
    if not candidates:
        return
    votes = Counter(one.price.amount for one in candidates)
    for one in candidates:
        if one.is_old and not any(abs(one.at - other.at) <= 4 and not other.is_old and not other.is_bad for other in candidates):
            one.score += OLD_PENALTY - 0.5  # nothing stands beside it that could be the price now
        one.score += reader.place(one.at) + 0.15 * min(votes[one.price.amount] - 1, 4)
    best = max(candidates, key=lambda one: (one.score, -one.at))
    if best.score < LEAST_SCORE or best.price.amount is None:
        return
    page.price = best.price
    page.is_listed = _is_listed(walk, best.at)
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


def _is_listed(walk: Walk, at: int) -> bool:
    place = walk.place(at)
    for above in place.up.chain(8) if place.up is not None else ():
        alike = _alike_beside(above.node)
        if len(alike) < MIN_ALIKE:
            continue
        listed = [other for other in alike if has_link(other, walk.links) and _shows_price(other.text()[:2_000])]
        if len(listed) >= MIN_ALIKE:
            return True
    return False


def _alike_beside(block: LexborNode) -> list[LexborNode]:
    """The first elements of the same parent that have the shape of one, itself among them."""
    parent = block.parent
    other = parent.first_child if parent is not None else None
    alike: list[LexborNode] = []
    for _ in range(MAX_SIBLINGS):
        if other is None:
            break
        if other.tag_id == block.tag_id and is_alike(block, other):
            alike.append(other)
        other = other.next
    return alike


def _shows_price(text: str) -> bool:
    """Whether a text holds a sign of a currency and a digit: less exact than PRICE, and fast on long texts."""
    return any(sign in text for sign in _SIGNS) and _DIGIT.search(text) is not None


def _whole_price(walk: Walk, at: int) -> tuple[str, Around] | None:
    """The printed price that begins in a chunk: the chunk itself, or the small element that joins it with its sign or cents."""
    chunk = walk.chunks[at]
    if _SIGN.search(chunk) and PRICE.search(chunk):
        place = walk.place(at)
        following = walk.chunks[at + 1] if at + 1 < len(walk.chunks) else ""
        parent = place.node.parent if _CENTS.match(following) else None
        if parent is not None and len(parent.text()) <= 100:
            around = price_text_of(parent)
            if len(around) <= 25:
                return around, walk.around(parent)
        return chunk, place
    if len(chunk) > 14 or not _BARE.match(chunk):
        return None
    place = walk.place(at)
    current: Around | None = place
    for _ in range(3):
        current = current.up if current is not None else None
        if current is None:
            break
        text = current.node.text()
        if len(text) > 200:  # asked first, since it is fast on elements of any size
            break
        if not _SIGN.search(text):
            continue
        around = price_text_of(current.node)
        if len(around) > 30:
            break
        if PRICE.search(around):
            return around, current
    following = walk.chunks[at + 1] if at + 1 < len(walk.chunks) else ""
    return (f"{chunk} {following}", place) if _SIGN_ALONE.match(following) else None
