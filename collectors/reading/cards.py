"""The cards of a listing as printed: repeated blocks of one shape with a link, a name and a price."""

from __future__ import annotations

import re
from functools import lru_cache

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.document import Document
from collectors.reading.model import ReadOffer
from collectors.reading.node_text import price_text_of, text_of
from collectors.reading.prices import Price, read_price
from collectors.urls import join

MAX_CARDS = 300
MAX_PRICES = 1_200  # elements that are looked at
MIN_CARDS = 3
MAX_CLIMB = 15
MAX_PRICE_TEXT = 80
LONG_NAME = 6  # letters; a shorter one is taken only if there is none longer ("+More")
MAX_NAME = 300  # characters of class and id that are looked at
MAX_READ = 2_000_000  # characters of all elements that are looked at
MAX_CARD_TEXT = 10_000  # characters; a longer block is no card

_DIGIT = re.compile(r"\d")
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


Links = dict[int, LexborNode]


class _Card:
    """A block while its prices are gathered."""

    __slots__ = ("block", "old", "price")

    def __init__(self, block: LexborNode) -> None:
        self.block = block
        self.price: Price | None = None
        self.old: Price | None = None

    def shows_other(self, shown: str) -> bool:
        """Whether the price now is found already, and a text is no part of what shows it."""
        return self.price is not None and shown not in self.price.text

    def take(self, price: Price, *, is_old: bool) -> None:
        """Keeps the first price now and the first price before; an element around both gives way to them."""
        if price.amount is None:
            return
        if is_old:
            self.old = self.old or price
            if self.price is not None and self.price.amount == price.amount:
                self.price = None  # it was read from the element around this one
        elif self.price is None or price.text in self.price.text:
            self.price = price  # or the element that shows nothing else, inside of one that shows more


def read_cards(document: Document, url: str | None, lang: str | None) -> list[ReadOffer]:
    """Cards in document order; empty when fewer than three blocks of one shape bear a price."""
    marked = [element for element in document.valued("itemprop", "price") if "price" in (element[2]["itemprop"] or "").split()]
    found = document.in_order(document.called(*_PRICES), marked)
    if len(found) < MIN_CARDS:
        return []
    cards: dict[int, _Card] = {}
    links = links_in(document)
    blocks: dict[int, LexborNode | None] = {}
    left = MAX_READ
    for node, tag, attributes in found[:MAX_PRICES]:
        text = node.text()
        left -= len(text)
        if left < 0:
            break
        if _DIGIT.search(text) is None or len(text) > MAX_CARD_TEXT or _is_long(text, node):
            continue
        shown = price_text_of(node)
        if not shown or len(shown) > MAX_PRICE_TEXT or not any(char.isdigit() for char in shown):
            continue
        block = _block(node, blocks, links)
        if block is None:
            continue
        card = cards.get(block.mem_id)
        if card is None:
            if len(cards) >= MAX_CARDS:
                break
            card = cards[block.mem_id] = _Card(block)
        is_old, is_bad = _judged(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:MAX_NAME].lower())
        is_old = is_old or tag in ("del", "s", "strike")
        if is_old or not (is_bad or card.shows_other(shown)):
            card.take(read_price(shown, None, lang), is_old=is_old)
    if len(cards) < MIN_CARDS:
        return []
    page = document.blocks.joined.lower()
    gone = [word for word in _GONE if word in page]
    offers = [offer for card in cards.values() if (offer := _offer(card, links, gone, url)) is not None]
    return offers if len(offers) >= MIN_CARDS else []


def _is_long(text: str, node: LexborNode) -> bool:
    """Whether an element shows more than a price; scripts in it are no text that shows."""
    return len(" ".join(text.split())) > MAX_PRICE_TEXT and node.css_first("script, style, noscript, template") is None


@lru_cache(maxsize=1024)
def _judged(name: str) -> tuple[bool, bool]:
    """Whether class and id of a price speak of one before, or of another amount; those of one listing are alike."""
    return words.OLD_NAME.search(name) is not None, words.BAD_NAME.search(name) is not None


def _offer(card: _Card, links: Links, gone: list[str], url: str | None) -> ReadOffer | None:
    price = card.price or card.old
    link = card.block if card.block.tag == "a" else links.get(card.block.mem_id)
    if price is None or link is None or (name := _name(card.block)) is None:
        return None
    href = (link.attrs.get("href") or "").strip()
    shown = card.block.text().lower() if gone else ""
    old = card.old.amount if card.old is not None and card.price is not None else price.old_amount
    return ReadOffer(
        name=name,
        price_text=price.text,
        price_amount=price.amount,
        price_high_amount=price.high_amount,
        old_price_amount=old if old is not None and price.amount is not None and old > price.amount else None,
        currency=price.currency,
        availability="OutOfStock" if any(word in shown for word in gone) else None,
        url=_joined(url, href),
        is_card=True,
    )


def _joined(url: str | None, href: str) -> str | None:
    if not href or href.startswith(("#", "javascript:")):
        return None
    try:
        return join(url or "", href)
    except ValueError:
        return None


def links_in(document: Document) -> Links:
    """The first link in each element that holds one; a link holds itself."""
    links: Links = {}
    for node, _, attributes in document.tagged("a"):
        if "href" in attributes:
            current: LexborNode | None = node
            while current is not None and (mark := current.mem_id) not in links:
                links[mark] = node
                current = current.parent
    return links


def _block(node: LexborNode, known: dict[int, LexborNode | None], links: Links) -> LexborNode | None:
    """The smallest element around a price that has a link and a sibling of its own shape with a link."""
    passed: list[int] = []
    current = node
    for _ in range(MAX_CLIMB):
        mark = current.mem_id
        if mark in known:
            block = known[mark]
            break
        passed.append(mark)
        parent = current.parent
        is_outermost = parent is None or parent.tag in ("body", "html")
        if is_outermost or _is_repeated(current, links):
            block = None if is_outermost else current
            break
        current = parent or current
    else:
        return None
    known.update(dict.fromkeys(passed, block))
    return block


def _is_repeated(node: LexborNode, links: Links) -> bool:
    if not has_link(node, links):
        return False
    for other in (_beside(node, forward=True), _beside(node, forward=False)):
        if other is not None and is_alike(node, other) and has_link(other, links):
            return len(node.text()) <= MAX_CARD_TEXT
    return False


def has_link(node: LexborNode, links: Links) -> bool:
    """Whether an element is a link or holds one."""
    return node.mem_id in links or node.tag == "a"


def is_alike(node: LexborNode, other: LexborNode) -> bool:
    """Whether two elements have one shape: the same tag, and a class in common or none at all."""
    if node.tag != other.tag:
        return False
    classes, others = node.attrs.get("class"), other.attrs.get("class")
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
            letters = sum(map(str.isalpha, shown))
            if 2 < len(shown) <= 250 and letters > 2 and words.key_of(shown) not in words.BUY:
                if letters >= LONG_NAME:
                    return shown
                spare = spare or shown
    return spare
