"""What a product page prints of its product, for pages that say too little in structured data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from collectors.reading.model import Item, ReadOffer
from collectors.reading.node_text import text_of
from collectors.reading.prices import read_price

_CURRENCY = re.compile(r"(?i)[$€£¥₽₴₸₹₺₩₪฿₫₱]|руб|грн|\b(?:usd|eur|rub|chf|pln|kč|zł|kr|kn)\b")


def read_printed(
    tree: LexborHTMLParser, items: Sequence[Item], known: ReadOffer | None, url: str | None, lang: str | None
) -> ReadOffer | None:
    """The product as printed; None when the page does not look like a product's."""
    if known is None or known.price_amount is not None:
        return None
    for node in tree.css('[itemprop~="price"], [class*="price" i], [id*="price" i]')[:50]:
        words = text_of(node)
        if words and len(words) < 60 and any(char.isdigit() for char in words) and _CURRENCY.search(words):
            price = read_price(words, None, lang)
            if price.amount:
                return ReadOffer(price_text=words, price_amount=price.amount, currency=price.currency)
    return None
