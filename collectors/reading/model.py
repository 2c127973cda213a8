"""What reading a page gives. Every value is a fact of the page; None or empty = the page does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

PageKind = Literal["article", "product", "collection", "listing", "forum", "service", "documentation"]
Origin = Literal["json-ld", "microdata", "rdfa", "opengraph", "twitter", "dublin-core", "html"]


class PageError(Exception):
    """A page that cannot be read within its bounds: too deep, too large, too slow, not text. The message names which."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the page describes in structured data. Property values: str, number, Item, or a list of them."""

    type: str  # schema.org name without the address ("Product"); full address for other vocabularies
    properties: Mapping[str, Any]
    origin: Origin


def walk(items: list[Item], max_items: int = 5_000) -> list[Item]:
    """Items with all items inside them, outer before inner."""
    found: list[Item] = []
    stack: list[Any] = items[::-1]
    while stack and len(found) < max_items:
        value = stack.pop()
        if isinstance(value, Item):
            found.append(value)
            inside = [part for part in value.properties.values() if not isinstance(part, str)]
            stack += inside[::-1]
        elif isinstance(value, list):
            stack += value[::-1]
    return found


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time with the evidence it rests on. `value` has an offset only where the page gives one."""

    value: datetime
    has_time: bool  # False: only the day is known
    evidence: str  # json-ld, meta, time, url, text ... and where


class Link(NamedTuple):  # a page has hundreds: made in half the time of a frozen class
    url: str
    text: str
    rel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """A forum post or a reader's comment."""

    text: str
    author: str | None = None
    published_at: Moment | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOffer:
    """A product offer on a page; `origin` names where the price came from."""

    name: str | None = None
    variant: str | None = None
    price_text: str | None = None
    price_amount: Decimal | None = None
    old_price_amount: Decimal | None = None
    price_high_amount: Decimal | None = None
    currency: str | None = None
    availability: str | None = None
    availability_text: str | None = None
    sku: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    brand: str | None = None
    category: str | None = None
    rating_value: float | None = None
    rating_best: float | None = None
    rating_count: int | None = None
    url: str | None = None
    image_url: str | None = None
    is_card: bool = False  # a card of a listing, not the page's own product
    origin: str = "html"


@dataclass(frozen=True, slots=True)
class TechnicalId:
    """An analytics, advertising or platform tag: ("yandex_metrika", "12345678")."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdMarking:
    """Russian ad marking found on a page or in a text."""

    erid: str | None = None
    payer_name: str | None = None
    payer_inn: str | None = None
    is_ad: bool = False
    evidence: tuple[Mapping[str, Any], ...] = ()  # kind, value, where, confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that one page says."""

    url: str | None
    canonical_url: str | None = None
    kind: PageKind | None = None
    kind_confidence: float | None = None
    title: str | None = None
    description: str | None = None
    h1: str | None = None
    authors: tuple[str, ...] = ()
    site_name: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    lang: str | None = None
    published_at: Moment | None = None
    modified_at: Moment | None = None
    text: str = ""
    comments: tuple[Comment, ...] = ()
    items: tuple[Item, ...] = ()
    offers: tuple[ReadOffer, ...] = ()
    breadcrumbs: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    feeds: tuple[Link, ...] = ()
    technical_ids: tuple[TechnicalId, ...] = ()
    ad_marking: AdMarking | None = None
    encoding: str | None = None
    robots_directives: tuple[str, ...] = field(default=())
