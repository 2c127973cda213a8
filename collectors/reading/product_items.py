"""Product offers from a page's structured data: schema.org products of any syntax, OpenGraph product tags.

Contract of the properties: https://schema.org/Product and the merchant listing rules of search engines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

from collectors.reading.availability import term_of
from collectors.reading.gtin import read_gtin
from collectors.reading.model import Item, ReadOffer
from collectors.reading.prices import currency_code, read_amount, read_count, read_price
from collectors.reading.ratings import read_rating

PRODUCT_TYPES = frozenset(
    (
        "product",
        "productgroup",
        "individualproduct",
        "productmodel",
        "someproducts",
        "vehicle",
        "car",
        "motorcycle",
        "book",
        "softwareapplication",
        "mobileapplication",
        "webapplication",
        "videogame",
        "course",
        "hotel",
        "apartment",
        "house",
        "drug",
    )
)
_SURE_TYPES = frozenset(
    ("product", "productgroup", "individualproduct", "productmodel", "someproducts", "vehicle", "car", "motorcycle")
)
_OLD_PRICES = ("strikethroughprice", "listprice", "srp", "msrp", "regularprice")
_NO_PRICES = ("invoiceprice", "minimumadvertisedprice", "saleprice")
_EMPTY = frozenset(("", "null", "undefined", "none", "n/a", "-", "nan", "false"))
_NO_BRANDS = frozenset(
    ("unbranded", "no brand", "does not apply", "без бренда", "нет бренда", "markenlos", "sans marque", "sin marca")
)
_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "ean", "upc")
_UNFILLED = re.compile(r"\{\{|\}\}|^%\w?$|^\$\w*[a-z]\w*$|^\[\w+\]$|^\$\{")
_GRAPH_TYPES = frozenset(("product", "product.item", "product:item"))
_GRAPH_NAMES = ("product:", "og:price")  # how properties of something that is sold begin
_LABELS = frozenset(("twitter:label1", "twitter:label2"))
MAX_VARIANTS = 200


def is_product(item: Item) -> bool:
    """A product, or a thing that is sold like one and has an offer."""
    more = item.properties.get("@type")
    for name in more if isinstance(more, list) else (item.type,):
        kind = str(name).lower()
        if kind in PRODUCT_TYPES and (kind in _SURE_TYPES or "offers" in item.properties):
            return True
    return False


def offers_of(item: Item, *, is_card: bool = False) -> list[ReadOffer]:
    """The offers of one product: the product's own first, then its variants when they differ."""
    base = _described(item, is_card)
    variants = [part for part in _all(item.properties.get("hasVariant")) if isinstance(part, Item)][:MAX_VARIANTS]
    offers = [part for part in _all(item.properties.get("offers")) if isinstance(part, Item)]
    flat: list[Item] = []
    for offer in offers:
        inner = [part for part in _all(offer.properties.get("offers")) if isinstance(part, Item)]
        if inner and (first_amount(offer) is None or len(inner) == 1):
            flat.extend(inner)
        else:
            flat.append(offer)
    if not flat and "price" in item.properties:
        flat = [item]  # price, priceCurrency and availability on the product itself
    priced = [_priced(base, offer) for offer in flat[:MAX_VARIANTS]]
    if not priced:
        priced = [base]
    if variants:
        inherited = [_inherit(offer, base) for part in variants for offer in offers_of(part, is_card=is_card)[:1]]
        own = _merge_range(
            priced if priced[0].price_amount is not None else [_inherit(one, base) for one in inherited] or priced, base
        )
        return [own, *[replace(one, variant=one.variant or _difference(one.name, base.name)) for one in inherited]]
    if len(priced) == 1:
        return priced
    return [_merge_range(priced, base), *priced[1:]] if _differ(priced) else priced[:1]


def _differ(offers: Sequence[ReadOffer]) -> bool:
    return len({(one.price_amount, one.sku, one.availability) for one in offers}) > 1


def _merge_range(offers: Sequence[ReadOffer], base: ReadOffer) -> ReadOffer:
    """The page's own offer out of several: the first that can be bought, with the upper end of the range."""
    stocked = [
        one for one in offers if one.price_amount is not None and one.availability in (None, "InStock", "LimitedAvailability")
    ]
    known = [one for one in offers if one.price_amount is not None]
    chosen = (stocked or known or list(offers))[0]
    high = max(
        (one.price_amount for one in known if one.price_amount is not None and one.currency == chosen.currency), default=None
    )
    if high is None or chosen.price_amount is None or high <= chosen.price_amount:
        high = chosen.price_high_amount
    available = next((one.availability for one in offers if one.availability == "InStock"), None) or chosen.availability
    return replace(
        chosen, price_high_amount=high, availability=available, sku=base.sku or chosen.sku, name=base.name or chosen.name
    )


def _inherit(offer: ReadOffer, base: ReadOffer) -> ReadOffer:
    return replace(
        offer,
        name=offer.name or base.name,
        brand=offer.brand or base.brand,
        rating_value=offer.rating_value if offer.rating_value is not None else base.rating_value,
        rating_best=offer.rating_best if offer.rating_best is not None else base.rating_best,
        rating_count=offer.rating_count if offer.rating_count is not None else base.rating_count,
        category=offer.category or base.category,
        image_url=offer.image_url or base.image_url,
    )


def _difference(name: str | None, of_group: str | None) -> str | None:
    """What a variant's name has beyond the group's."""
    if name and of_group and name != of_group and name.startswith(of_group):
        return name[len(of_group) :].strip(" -–—,()/|") or None
    return name if name != of_group else None


def _described(item: Item, is_card: bool) -> ReadOffer:
    get = item.properties.get
    value, best, count = _rating(get("aggregateRating"))
    return ReadOffer(
        name=text(get("name")),
        sku=_sku(get("sku")) or _sku(_prefixed(get("productID"), "sku")),
        gtin=_gtin(item.properties),
        mpn=text(get("mpn")) or _prefixed(get("productID"), "mpn"),
        brand=_brand(get("brand")) or _brand(get("manufacturer")),
        category=_category(get("category")),
        rating_value=value,
        rating_best=best,
        rating_count=count,
        url=_address(get("url")),
        image_url=_address(get("image")),
        variant=", ".join(part for name in ("color", "size") if (part := text(get(name)))) or None,
        is_card=is_card,
        origin=item.origin,
    )


def _priced(base: ReadOffer, offer: Item) -> ReadOffer:
    get = offer.properties.get
    printed, amount, old = _prices(offer)
    high = read_amount(first(get("highPrice")))
    if amount is None:
        printed, amount = text(get("lowPrice")), read_amount(first(get("lowPrice")))
    currency = _currency(offer)
    if currency is None and printed:
        currency = read_price(printed).currency
    return replace(
        base,
        price_text=printed,
        price_amount=amount,
        old_price_amount=old if old is not None and (amount is None or old > amount) else None,
        price_high_amount=high if high is not None and amount is not None and high > amount else None,
        currency=currency,
        availability=term_of(first(get("availability"))),
        availability_text=text(get("availability")),
        sku=base.sku or _sku(get("sku")),
        gtin=base.gtin or _gtin(offer.properties),
        mpn=base.mpn or text(get("mpn")),
        url=_address(get("url")) or base.url,
    )


def first_amount(offer: Item) -> Decimal | None:
    """The price of an offer before any nested offers are looked at."""
    return _prices(offer)[1]


def _prices(offer: Item) -> tuple[str | None, Decimal | None, Decimal | None]:
    """Printed price, amount to pay, amount before."""
    price = offer.properties.get("price")
    printed = text(price)
    amount = read_amount(first(price))
    if amount is None and printed:
        amount = read_price(printed).amount
    old: Decimal | None = None
    if isinstance(price, list) and len(price) > 1 and amount is not None:
        both = [value for part in price if (value := read_amount(part))]
        amount, old = (min(both), max(both)) if both else (amount, None)  # the price before and the one now, marked alike
    for part in _all(offer.properties.get("priceSpecification")):
        if not isinstance(part, Item) or "charge" in part.type.lower() or "validForMemberTier" in part.properties:
            continue
        value = read_amount(first(part.properties.get("price")))
        if value is None:
            value = read_amount(first(part.properties.get("minPrice")))
        kind = str(text(part.properties.get("priceType")) or "").rpartition("/")[2].lower()
        if kind.endswith(_OLD_PRICES):
            old = value if old is None else old
        elif (
            amount is None and not kind.endswith(_NO_PRICES) and value is not None and "referenceQuantity" not in part.properties
        ):
            amount, printed = value, text(part.properties.get("price"))
    return printed, amount, old


def _currency(offer: Item) -> str | None:
    code = text(offer.properties.get("priceCurrency"))
    if code is None:
        for part in _all(offer.properties.get("priceSpecification")):
            if isinstance(part, Item) and (code := text(part.properties.get("priceCurrency"))):
                break
    return currency_code(code)


def _rating(value: Any) -> tuple[float | None, float | None, int | None]:
    rating = first(value)
    if not isinstance(rating, Item):
        return None, None, None
    get = rating.properties.get
    printed = text(get("ratingValue"))
    if printed is None:
        printed = text(get("average"))
    number = read_rating(printed) if printed else None
    best_text = text(get("bestRating"))
    best = read_rating(best_text) if best_text else None
    count_text = text(get("ratingCount")) or text(get("reviewCount")) or text(get("votes")) or text(get("count"))
    count = read_count(count_text) if count_text else None
    if number is not None and (number > (best or 100) or (count is not None and count.value == 0)):
        return None, None, None
    if number is None:
        return None, None, count.value if count else None
    return number, best or (5.0 if number <= 5 else None), count.value if count else None


def _gtin(properties: Mapping[str, Any]) -> str | None:
    for name in _GTINS:
        for value in _all(properties.get(name)):
            if number := read_gtin(value):
                return number
    for value in (*_all(properties.get("productID")), *_all(properties.get("identifier"))):
        if isinstance(value, Item):
            kind = str(text(value.properties.get("propertyID")) or "").lower()
            if any(name in kind for name in _GTINS) and (number := read_gtin(first(value.properties.get("value")))):
                return number
        elif isinstance(value, str) and value.lower().startswith(("gtin", "isbn", "ean", "upc")) and (number := read_gtin(value)):
            return number
    for name in ("sku", "mpn"):
        for value in _all(properties.get(name)):
            if (
                isinstance(value, str)
                and len(value.strip()) == 13
                and value.strip().startswith(("978", "979"))
                and (number := read_gtin(value))
            ):
                return number
    return None


def _sku(value: Any) -> str | None:
    found = text(value)
    if found and " " in found:
        head, _, rest = found.partition(" ")
        if len(head) >= 5 and any(char.isdigit() for char in head) and not any(char.isdigit() for char in rest):
            return head  # the number with the name behind it
        if found.count(" ") > 1:
            return None  # a name, not a number
    return found if found and len(found) <= 100 else None


def _prefixed(value: Any, prefix: str) -> str | None:
    found = text(value)
    if found is None:
        return None
    head, colon, tail = found.partition(":")
    if colon:
        return tail.strip() or None if head.strip().lower() == prefix else None
    return found if prefix == "sku" and len(found) <= 100 else None


def _brand(value: Any) -> str | None:
    found = text(value)
    if not found or len(found) > 80 or " | " in found or found.startswith(("http:", "https:")):
        return None
    return None if found.lower() in _NO_BRANDS else found


def _category(value: Any) -> str | None:
    names = [name for part in _all(value) if (name := text(part))]
    return " > ".join(names[:10]) or None


def _address(value: Any) -> str | None:
    found = first(value)
    if isinstance(found, Item):
        found = first(found.properties.get("url") or found.properties.get("contentUrl") or found.properties.get("@id"))
    return found.strip() or None if isinstance(found, str) else None


def first(value: Any) -> Any:
    """The first of a list, else the value."""
    return next((part for part in value if part is not None), None) if isinstance(value, list) else value


def _all(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)


def text(value: Any) -> str | None:
    """A property as text: an item gives its name; empty values, unfilled templates and "null" give None."""
    value = first(value)
    if isinstance(value, Item):
        value = first(value.properties.get("name") or value.properties.get("url"))
    if value is None or isinstance(value, (bool, Item)):
        return None
    found = " ".join(str(value).split())
    if "&" in found:
        found = " ".join(unescape(found).split())
    if found.lower() in _EMPTY:
        return None
    may_be_unfilled = found[0] in "%$[" or "{{" in found or "}}" in found
    return None if may_be_unfilled and _UNFILLED.search(found) else found


def offer_of_graph(items: Sequence[Item]) -> ReadOffer | None:
    """What OpenGraph product tags and Twitter's labels say; None when they name neither price nor product."""
    graph: Mapping[str, Any] = next((item.properties for item in items if item.origin == "opengraph"), {})
    card: Mapping[str, Any] = next((item.properties for item in items if item.origin == "twitter"), {})

    def get(*names: str) -> str | None:
        return next((found for name in names if (found := text(graph.get(name)))), None)

    kind = (get("og:type") or "").lower().rpartition("#")[2].rpartition("/")[2]
    if kind not in _GRAPH_TYPES and _LABELS.isdisjoint(card) and not any(name.startswith(_GRAPH_NAMES) for name in graph):
        return None
    printed = get("product:sale_price:amount", "product:price:amount", "og:price:amount", "product:price", "og:price")
    amount = read_amount(printed)
    currency = currency_code(
        get("product:sale_price:currency", "product:price:currency", "og:price:currency", "product:currency")
    )
    if amount is None:
        for place in ("1", "2"):
            label = (text(card.get(f"twitter:label{place}")) or "").lower()
            data = text(card.get(f"twitter:data{place}"))
            if data and label in ("price", "цена", "preis", "prix", "precio"):
                price = read_price(data)
                printed, amount, currency = data, price.amount, currency or price.currency
    if amount == 0:
        amount = None
    if amount is None and kind not in _GRAPH_TYPES and not any(name.startswith("product:") for name in graph):
        return None
    old = read_amount(get("product:original_price:amount")) or (
        read_amount(get("product:price:amount")) if get("product:sale_price:amount") else None
    )
    stock = get("product:availability", "og:availability")
    return ReadOffer(
        name=get("og:title"),
        price_text=printed,
        price_amount=amount,
        old_price_amount=old if old is not None and amount is not None and old > amount else None,
        currency=currency,
        availability=term_of(stock),
        availability_text=stock,
        sku=get("product:retailer_item_id", "product:sku"),
        gtin=next((number for kind in ("ean", "isbn", "upc", "gtin") if (number := read_gtin(get(f"product:{kind}")))), None),
        mpn=get("product:mfr_part_no"),
        brand=_brand(graph.get("product:brand") or graph.get("og:brand")),
        category=get("product:category"),
        image_url=get("og:image"),
        url=get("og:url"),
        origin="opengraph",
    )
