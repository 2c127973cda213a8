"""The cards of a listing as printed: repeated blocks of one shape with a link, a name and a price."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.document import Attributes, Document
from collectors.reading.model import ReadOffer
from collectors.reading.node_text import price_text_of, text_of
from collectors.reading.prices import Price, read_price

MAX_CARDS = 300
MAX_PRICES = 1_200  # elements that are looked at
MIN_CARDS = 3
MAX_CLIMB = 11
MAX_PRICE_TEXT = 80
LONG_NAME = 6  # letters; a shorter one is taken only if there is none longer ("+More")
MAX_NAME = 300  # characters of class and id that are looked at
MAX_READ = 2_000_000  # characters of all elements that are looked at
MAX_CARD_TEXT = 10_000  # characters; a longer block is no card

_PRICES = ("price", "preis", "prix", "precio", "prezzo", "cena", "cost")  # in the class of what shows one
_GONE = (
    "нет в наличии",
    "распродан",
    "sold out",
    "out of stock",
    "unavailable",
    "ausverkauft",
    "épuisé",
    "agotado",
    "esaurito",
    "vyprodáno",
)
_NAMES = ("h2, h3, h4, h5, h1", '[itemprop~="name"], [class*="title" i], [class*="name" i]', "a[title]", "a[href]")


class _Card:
    """A block while its prices are gathered."""

    __slots__ = ("block", "old", "price")

    def __init__(self, block: LexborNode) -> None:
        self.block = block
        self.price: Price | None = None
        self.old: Price | None = None


def read_cards(document: Document, url: str | None, lang: str | None) -> list[ReadOffer]:
    """Cards in document order; empty when fewer than three blocks of one shape bear a price."""
    marked = [element for element in document.with_attribute("itemprop") if "price" in (element[2]["itemprop"] or "").split()]
    found = document.in_order(document.called(*_PRICES), marked)
    if len(found) < MIN_CARDS:
        return []
    cards: dict[int, _Card] = {}
    shapes: dict[int, bool] = {}
    left = MAX_READ
    for node, tag, attributes in found[:MAX_PRICES]:
        size = len(node.text())
        left -= size
        if left < 0:
            break
        shown = price_text_of(node) if size <= MAX_CARD_TEXT else ""
        if not shown or len(shown) > MAX_PRICE_TEXT or not any(char.isdigit() for char in shown):
            continue
        block = _block(node, shapes)
        if block is None:
            continue
        card = cards.get(block.mem_id)
        if card is None:
            if len(cards) >= MAX_CARDS:
                break
            card = cards[block.mem_id] = _Card(block)
        _take(card, tag, attributes, read_price(shown, None, lang))
    offers = [offer for card in cards.values() if (offer := _offer(card, url)) is not None]
    return offers if len(offers) >= MIN_CARDS else []


def _take(card: _Card, tag: str, attributes: Attributes, price: Price) -> None:
    """Keeps the first price now and the first price before; an element around both gives way to them."""
    if price.amount is None:
        return
    is_old, is_bad = _judged(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:MAX_NAME])
    if is_old or tag in ("del", "s", "strike"):
        card.old = card.old or price
        if card.price is not None and card.price.amount == price.amount:
            card.price = None  # it was read from the element around this one
    elif not is_bad and (card.price is None or price.text in card.price.text):
        card.price = price  # or the element that shows nothing else, inside of one that shows more


@lru_cache(maxsize=1024)
def _judged(name: str) -> tuple[bool, bool]:
    """Whether class and id of a price speak of one before, or of another amount; those of one listing are alike."""
    return words.OLD_NAME.search(name) is not None, words.BAD_NAME.search(name) is not None


def _offer(card: _Card, url: str | None) -> ReadOffer | None:
    price = card.price or card.old
    link = card.block if card.block.tag == "a" else card.block.css_first("a[href]")
    name = _name(card.block)
    if price is None or link is None or name is None:
        return None
    href = (link.attributes.get("href") or "").strip()
    shown = card.block.text().lower()
    old = card.old.amount if card.old is not None and card.price is not None else price.old_amount
    return ReadOffer(
        name=name,
        price_text=price.text,
        price_amount=price.amount,
        price_high_amount=price.high_amount,
        old_price_amount=old if old is not None and price.amount is not None and old > price.amount else None,
        currency=price.currency,
        availability="OutOfStock" if any(word in shown for word in _GONE) else None,
        url=_joined(url, href),
        is_card=True,
    )


def _joined(url: str | None, href: str) -> str | None:
    if not href or href.startswith(("#", "javascript:")):
        return None
    try:
        return urljoin(url or "", href)
    except ValueError:
        return None


def _block(node: LexborNode, shapes: dict[int, bool]) -> LexborNode | None:
    """The smallest element around a price that has a link and a sibling of its own shape with a link."""
    current = node
    for _ in range(MAX_CLIMB):
        parent = current.parent
        if parent is None or parent.tag in ("body", "html"):
            return None
        mark = current.mem_id
        if mark not in shapes:
            shapes[mark] = _is_repeated(current)
        if shapes[mark]:
            return current
        current = parent
    return None


def _is_repeated(node: LexborNode) -> bool:
    for other in (_beside(node, forward=True), _beside(node, forward=False)):
        if other is not None and is_alike(node, other) and has_link(other) and has_link(node):
            return len(node.text()) <= MAX_CARD_TEXT
    return False


def has_link(node: LexborNode) -> bool:
    """Whether an element is a link or holds one."""
    return node.tag == "a" or node.css_first("a[href]") is not None


def is_alike(node: LexborNode, other: LexborNode) -> bool:
    """Whether two elements have one shape: the same tag, and a class in common or none at all."""
    if node.tag != other.tag:
        return False
    classes, others = node.attributes.get("class"), other.attributes.get("class")
    return not classes and not others if not classes or not others else not set(classes.split()).isdisjoint(others.split())


def _beside(node: LexborNode, *, forward: bool) -> LexborNode | None:
    other = node.next if forward else node.prev
    while other is not None and not other.is_element_node:
        other = other.next if forward else other.prev
    return other


def _name(block: LexborNode) -> str | None:
    spare: str | None = None
    for selector in _NAMES:
        for node in block.css(selector)[:5]:
            shown = text_of(node) or (node.attributes.get("title") or "").strip()
            letters = sum(char.isalpha() for char in shown)
            if 2 < len(shown) <= 250 and letters > 2 and words.key_of(shown) not in words.BUY:
                if letters >= LONG_NAME:
                    return shown
                spare = spare or shown
    return spare
