"""The product offers of a page: its own product first, then the cards of a listing.

Structured data comes first, field by field: JSON-LD, microdata, RDFa, OpenGraph; then what the page prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from collectors.reading.cards import read_cards
from collectors.reading.document import Document
from collectors.reading.gtin import is_gtin
from collectors.reading.model import Item, ReadOffer, walk
from collectors.reading.node_text import text_of
from collectors.reading.product_brand import Shop
from collectors.reading.product_html import id_of_address, read_printed
from collectors.reading.product_items import is_product, offer_of_graph, offers_of, text
from collectors.reading.product_walk import words_of
from collectors.reading.shop_marks import ShopMarks

MAX_OFFERS = 500
LEAST_GTIN = 12  # digits of a trade number in the place of an article number: of eight, every tenth number looks like one
MANY_CARDS = 12  # beside them a printed price without number or brand is one of theirs
_LISTS = frozenset(
    (
        "ItemList",
        "OfferCatalog",
        "CollectionPage",
        "WebPage",
        "ItemPage",
        "SearchResultsPage",
        "AboutPage",
        "Store",
        "OnlineStore",
        "Organization",
        "LocalBusiness",
        "Brand",
    )
)
_TEXTS = frozenset(
    (
        "Article",
        "NewsArticle",
        "BlogPosting",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "TechArticle",
        "ScholarlyArticle",
        "LiveBlogPosting",
        "Recipe",
        "HowTo",
        "DiscussionForumPosting",
        "QAPage",
        "JobPosting",
        "Event",
        "VideoObject",
    )
)
_ORDER = {"json-ld": 0, "microdata": 1, "rdfa": 2}


def read_offers(document: Document, items: Sequence[Item], url: str | None = None, lang: str | None = None) -> list[ReadOffer]:
    """Offers of a page; `offers[0].is_card` is False exactly when the page is about one product."""
    title = _title(document, items)
    own_items, twins, listed = _products(items, url, title)
    graph = offer_of_graph(items)
    main: ReadOffer | None = None
    variants: list[ReadOffer] = []
    if own_items:
        firsts = [offers_of(item) for item in own_items]
        main = firsts[0][0]
        variants = firsts[0][1:] or [offers_of(item)[0] for item in (own_items[0], *twins) if twins]
        for others in firsts[1:]:
            main = _filled(main, others[0])
        if len({one.gtin for one in variants if one.gtin}) > 1:
            main = replace(main, gtin=None)  # the number of one variant is not the product's
    if graph is not None and (main is not None or not listed):
        main = _filled(main, graph) if main is not None else graph
    shop = Shop(document, items, url)
    if main is not None and main.brand and shop.is_called(main.brand) and main.brand.lower() not in (main.name or "").lower():
        variants = [replace(one, brand=None) if one.brand == main.brand else one for one in variants]
        main = replace(main, brand=None)  # shops name themselves as the brand of all they sell
    cards = [offer for item in listed[:MAX_OFFERS] for offer in offers_of(item, is_card=True)[:1]]
    raw = document.tree.raw_html or b""
    if main is None and (cards or _is_text(items)):
        return cards
    marks = ShopMarks(document.words)
    if main is None and _calls_itself_article(items) and not marks.has_buy:
        return cards
    printed = read_printed(document, main, marks, title, url, lang, shop)
    if main is None:
        is_sure = printed is not None and bool(printed.sku or printed.gtin or printed.brand)
        cards = read_cards(document, url, lang) if not is_sure else []
        main = printed if is_sure or len(cards) < MANY_CARDS else None
    else:
        main = _completed(main, variants, printed, shop)
    if main is not None and url and (main.sku is None or (len(main.sku) >= LEAST_GTIN and is_gtin(main.sku))):
        main = replace(main, sku=id_of_address(url, raw) or main.sku)
    offers = ([_resolved(main, url)] if main is not None else []) + variants + cards
    return offers[:MAX_OFFERS]


def _is_text(items: Sequence[Item]) -> bool:
    """Whether structured data says that the page is something to read: then what looks like a price in it is no offer."""
    return any(item.type in _TEXTS for item in items)


def _calls_itself_article(items: Sequence[Item]) -> bool:
    """OpenGraph says "article" of whatever some systems publish, shops too: it counts only where nothing is sold."""
    return any(item.origin == "opengraph" and item.type == "article" for item in items)


def _products(items: Sequence[Item], url: str | None, title: str) -> tuple[list[Item], list[Item], list[Item]]:
    """The page's own product (one item a syntax, best syntax first), its twins of the same name, and products only listed."""
    own: list[Item] = []
    listed: list[Item] = []
    for item in items:
        if is_product(item):
            own.append(item)
            continue
        if item.type not in _LISTS and item.type:
            continue
        main = item.properties.get("mainEntity")
        part: Any
        for value in item.properties.values():
            for part in value if isinstance(value, list) else (value,):
                if not isinstance(part, Item):
                    continue
                if products := [inner for inner in walk([part]) if is_product(inner)]:
                    is_own = products[0] is part or (len(products) == 1 and part.type not in _LISTS)
                    (own if part is main and is_own else listed).append(products[0])
    own.sort(key=lambda item: _ORDER.get(item.origin, 3))
    by_origin: dict[str, list[Item]] = {}
    for item in own:
        by_origin.setdefault(item.origin, []).append(item)
    chosen: list[Item] = []
    twins: list[Item] = []
    for same in by_origin.values():
        names = {text(item.properties.get("name")) for item in same}
        best = max(same, key=lambda item: _weight(item, url, title)) if len(same) > 1 else same[0]
        if len(same) >= 3 and len(names) > 1 and _weight(best, url, title) < 3 and not _stands_out(best, same):
            listed += same
        else:
            chosen.append(best)
            name = text(best.properties.get("name"))
            for item in same:
                if item is not best:
                    (twins if text(item.properties.get("name")) == name else listed).append(item)
    return chosen, twins, listed


def _weight(item: Item, url: str | None, title: str) -> int:
    """How much speaks for an item being what the page is about."""
    score = 0
    if url:
        own = _path(url)
        addresses = [item.properties.get(name) for name in ("url", "@id", "mainEntityOfPage")]
        score += 3 * any(isinstance(address, str) and _path(urljoin(url, address)) == own for address in addresses)
    score += ("offers" in item.properties) + bool({"sku", "mpn", "gtin13", "gtin"} & item.properties.keys())
    score += bool(item.properties.get("description"))
    name = text(item.properties.get("name"))
    if name and title:
        own_words, shared = words_of(name), words_of(name) & words_of(title)
        score += 3 * (len(shared) >= 0.75 * len(own_words) and bool(shared))
    return score


def _title(document: Document, items: Sequence[Item]) -> str:
    """What the head of the page says it is about."""
    for item in items:
        if item.origin == "opengraph" and (title := text(item.properties.get("og:title"))):
            return title
    return next((text_of(node) for node, _, _ in document.tagged("title")), "")


def _completed(main: ReadOffer, variants: Sequence[ReadOffer], printed: ReadOffer | None, shop: Shop) -> ReadOffer:
    """Structured data with what the page prints. Its price of zero is a template left empty, unless the page says "free".

    What is sold out and has a price of zero has none: other prices on its page are not its own. Nor is a template's word on stock
    worth more than its price: it counts where the page says the same.
    """
    if main.price_amount == 0 and main.availability == "OutOfStock" and printed is not None and printed.price_amount != 0:
        printed = replace(printed, price_text=None, price_amount=None, old_price_amount=None, price_high_amount=None)
    if main.price_amount == 0 and (printed is None or printed.price_amount != 0):
        main = replace(main, price_text=None, price_amount=None)
        if main.availability == "OutOfStock" and printed is not None and printed.availability != "OutOfStock":
            main = replace(main, availability=None, availability_text=None)
    if printed is None:
        return main
    if main.brand and printed.brand and shop.seems_called(main.brand):
        main = replace(main, brand=None)  # the shop's own name, where the page names another
    return _filled(_agreed(main, variants, printed), printed)


def _agreed(main: ReadOffer, variants: Sequence[ReadOffer], printed: ReadOffer) -> ReadOffer:
    """Structured data put right by what the page shows of its prices.

    Of several prices in structured data the one that is also printed is the product's. A price in structured data that the page
    shows struck through, with a lower one beside it, is the price before.
    """
    amount, old = printed.price_amount, printed.old_price_amount
    if amount is None:
        return main
    if amount == main.price_amount:
        return replace(main, old_price_amount=main.old_price_amount or old)
    if old is not None and old == main.price_amount:
        return replace(main, price_amount=amount, price_text=printed.price_text, old_price_amount=old, origin=printed.origin)
    for one in variants:
        if one.price_amount == amount:
            return replace(
                main, price_amount=amount, price_text=one.price_text, currency=one.currency, old_price_amount=one.old_price_amount
            )
    return main


def _stands_out(best: Item, same: list[Item]) -> bool:
    """One product with a description among bare ones is the page's own."""
    others = [item for item in same if item is not best]
    return bool(best.properties.get("description")) and not any(item.properties.get("description") for item in others)


def _path(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


_FIELDS = tuple(field.name for field in fields(ReadOffer) if field.name not in ("is_card", "origin"))
_PRICE_FIELDS = frozenset(("price_text", "price_amount", "old_price_amount", "price_high_amount", "currency"))


def _filled(offer: ReadOffer, other: ReadOffer) -> ReadOffer:
    """`offer` with what it lacks taken from `other`; a price is taken with all that belongs to it."""
    take_price = offer.price_amount is None and other.price_amount is not None
    same_price = offer.price_amount is not None and offer.price_amount == other.price_amount
    changes = {}
    for name in _FIELDS:
        if name in _PRICE_FIELDS:
            if take_price or (same_price and getattr(offer, name) is None):
                changes[name] = getattr(other, name)
        elif getattr(offer, name) is None and getattr(other, name) is not None:
            changes[name] = getattr(other, name)
    if take_price:
        changes["origin"] = other.origin
    return replace(offer, **changes) if changes else offer


def _resolved(offer: ReadOffer, url: str | None) -> ReadOffer:
    if not url:
        return offer
    try:
        return replace(
            offer,
            url=urljoin(url, offer.url) if offer.url else None,
            image_url=urljoin(url, offer.image_url) if offer.image_url else None,
        )
    except ValueError:
        return offer
