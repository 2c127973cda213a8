"""The cards of a listing as printed: repeated blocks with a link, a name and a price."""

from __future__ import annotations

from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import ReadOffer
from collectors.reading.node_text import text_of
from collectors.reading.prices import read_price

MAX_CARDS = 300
MIN_CARDS = 3
MAX_CLIMB = 8


def read_cards(tree: LexborHTMLParser, url: str | None, lang: str | None) -> list[ReadOffer]:
    """Cards in document order; empty when fewer than three blocks of one shape bear a price."""
    raw = tree.raw_html or b""
    if b"price" not in raw and b"Price" not in raw:
        return []
    found: list[tuple[LexborNode, ReadOffer]] = []
    taken: set[int] = set()
    for node in tree.css('[class*="price" i]')[: 4 * MAX_CARDS]:
        words = text_of(node)
        if not words or len(words) > 80 or not any(char.isdigit() for char in words):
            continue
        block = _block(node)
        if block is None or block.mem_id in taken:
            continue
        price = read_price(words, None, lang)
        if price.amount is None:
            continue
        taken.add(block.mem_id)
        link = block.css_first("a[href]")
        if link is None:
            continue
        name = _name(block)
        if not name:
            continue
        href = link.attributes.get("href") or ""
        offer = ReadOffer(
            name=name,
            price_text=price.text,
            price_amount=price.amount,
            price_high_amount=price.high_amount,
            old_price_amount=price.old_amount,
            currency=price.currency,
            url=urljoin(url, href) if url else href,
            is_card=True,
        )
        found.append((block, offer))
    return [offer for _, offer in found[:MAX_CARDS]] if len(found) >= MIN_CARDS else []


def _block(node: LexborNode) -> LexborNode | None:
    """The smallest ancestor that has a link and siblings like itself."""
    current = node
    for _ in range(MAX_CLIMB):
        parent = current.parent
        if parent is None or parent.tag in ("body", "html"):
            return None
        name = (current.attributes.get("class") or "").split(" ")[0]
        sibling = current.next
        while sibling is not None and not sibling.is_element_node:
            sibling = sibling.next
        previous = current.prev
        while previous is not None and not previous.is_element_node:
            previous = previous.prev
        for other in (sibling, previous):
            if other is not None and other.tag == current.tag and name == (other.attributes.get("class") or "").split(" ")[0]:
                if current.css_first("a[href]") is not None and other.css_first("a[href]") is not None:
                    return current
        current = parent
    return None


def _name(block: LexborNode) -> str | None:
    for selector in ("h1, h2, h3, h4, h5", '[class*="title" i], [class*="name" i]', "a[title]", "a[href]"):
        for node in block.css(selector)[:5]:
            words = text_of(node) or (node.attributes.get("title") or "")
            if 2 < len(words) <= 250 and any(char.isalpha() for char in words):
                return words
    return None
