"""The record kinds: facts as a source states them, one dataclass a kind, frozen in the eyes of the type checker.

Every field says its meaning (and unit) in its annotation; the same text becomes the column's comment in DuckDB and its line in
the data dictionary. Unknown is None, never zero. Money is Decimal with `currency` (ISO 4217) beside it. Times are aware, UTC.
What does not fit a field goes to `extra`: nothing is dropped silently.

Identity: the native id where the source has one, else the normalised URL, else the parts a kind lists in IDENTITY.
"""

# Annotations are read when the module is loaded, here and by transforms/tables.py: as strings each would be compiled for itself.
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeVar, dataclass_transform

from collectors.urls import normalise_url

Text = str | None
Extra = Annotated[Mapping[str, Any], "what the source says beyond the columns, as JSON"]
NativeId = Annotated[str | None, "the id the source itself uses"]
Url = Annotated[str | None, "permalink"]
PublishedAt = Annotated[datetime | None, "when it was published, as the source states it"]
IsPartial = Annotated[bool, "a card, listing row or feed summary: fills only records never seen whole"]
Currency = Annotated[str | None, "ISO 4217 code"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def _record(kind: type[T]) -> type[T]:
    """Not frozen when it runs: that would cost every process that loads the kinds, and every record that is made."""
    return dataclass(slots=True, kw_only=True)(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Public counters at one moment; None = not shown."""

    likes: Annotated[int | None, "main positive counter; typed reactions summed where there is no like"] = None
    dislikes: Annotated[int | None, "negative counter"] = None
    comments: Annotated[int | None, "comments or replies"] = None
    shares: Annotated[int | None, "reposts and quotes"] = None
    views: Annotated[int | None, "views"] = None
    saves: Annotated[int | None, "saves or bookmarks"] = None
    reactions: Annotated[Mapping[str, int] | None, "typed reactions by emoji or code"] = None
    is_rounded: Annotated[bool, "the source shows rounded numbers (1.2K)"] = False


@_record
class Page:
    """A page of a site as it was. Identity: normalised URL."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url",)
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt = None
    modified_at: Annotated[datetime | None, "last change, as the page states it"] = None
    kind: Annotated[str | None, "article, product, collection, listing, forum, service or documentation"] = None
    title: Annotated[Text, "title without the site's name"] = None
    description: Annotated[Text, "meta description"] = None
    h1: Annotated[Text, "first heading"] = None
    lang: Annotated[Text, "ISO 639-1 code"] = None
    text: Annotated[Text, "main text, or the text of the watched selector"] = None
    selector: Annotated[Text, "CSS selector the text is limited to"] = None
    links: Annotated[tuple[str, ...], "outgoing links, absolute"] = ()
    items: Annotated[tuple[Mapping[str, Any], ...], "structured data found, as JSON"] = ()
    technical_ids: Annotated[tuple[Mapping[str, Any], ...], "analytics and advertising tags found, as JSON"] = ()
    ad_erid: Annotated[Text, "token of Russian ad marking"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Offer:
    """A product with its price at one moment. Identity: native id, else URL with sku and variant."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url", "sku", "variant")
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt = None
    name: Annotated[Text, "product name"]
    variant: Annotated[Text, "what tells variants of one product page apart"] = None
    sku: Annotated[Text, "seller's article number"] = None
    gtin: Annotated[Text, "GTIN with a right check digit"] = None
    mpn: Annotated[Text, "maker's article number"] = None
    brand: Annotated[Text, "brand"] = None
    category: Annotated[Text, "breadcrumbs or category, joined by ' > '"] = None
    price_text: Annotated[Text, "price as printed"] = None
    price_amount: Annotated[Decimal | None, "price to pay now"] = None
    old_price_amount: Annotated[Decimal | None, "crossed-out price"] = None
    price_high_amount: Annotated[Decimal | None, "upper end where the page shows a range"] = None
    currency: Currency = None
    availability: Annotated[Text, "InStock, OutOfStock, PreOrder, BackOrder, LimitedAvailability, Discontinued (schema.org)"] = (
        None
    )
    availability_text: Annotated[Text, "availability as printed"] = None
    seller: Annotated[Text, "who sells, on a marketplace"] = None
    rating_value: Annotated[float | None, "mean rating"] = None
    rating_best: Annotated[float | None, "best rating possible"] = None
    rating_count: Annotated[int | None, "number of ratings"] = None
    image_url: Annotated[Text, "main picture"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Publication:
    """An article, post, video or comment, with its counters. Identity: native id, else normalised URL."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url",)
    kind: Annotated[Literal["article", "post", "video", "comment"], "article, post, video or comment"]
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt
    modified_at: Annotated[datetime | None, "last change, as stated by the source"] = None
    is_edited: Annotated[bool | None, "the source marks it as edited"] = None
    title: Annotated[Text, "title"] = None
    text: Annotated[Text, "plain text, line breaks kept"] = None
    lang: Annotated[Text, "ISO 639-1 code"] = None
    author: Annotated[Text, "who wrote it, as displayed"] = None
    author_url: Annotated[Text, "page of the author"] = None
    channel: Annotated[Text, "stable key of the channel or outlet inside the source"] = None
    channel_title: Annotated[Text, "name of the channel or outlet"] = None
    parent_id: Annotated[Text, "native id of what it answers"] = None
    thread_id: Annotated[Text, "native id of the first post of the thread"] = None
    repost_of_id: Annotated[Text, "native id of the original of a repost"] = None
    repost_of_url: Annotated[Text, "URL of the original of a repost"] = None
    repost_of_name: Annotated[Text, "who published the original"] = None
    section: Annotated[Text, "section of the outlet"] = None
    tags: Annotated[tuple[str, ...], "tags and categories"] = ()
    links: Annotated[tuple[str, ...], "outgoing links in order, unique"] = ()
    media: Annotated[tuple[str, ...], "kinds of media: photo, video, gif, audio, voice, document, sticker, poll, link_card"] = ()
    image_url: Annotated[Text, "lead picture"] = None
    counters: Counters = Counters()
    follower_count: Annotated[int | None, "followers of the channel at that moment"] = None
    is_ad: Annotated[bool | None, "marked as paid"] = None
    ad_erid: Annotated[Text, "token of Russian ad marking"] = None
    ad_payer_name: Annotated[Text, "payer named in the marking"] = None
    ad_payer_inn: Annotated[Text, "INN named in the marking, check digits right"] = None
    ad_evidence: Annotated[tuple[Mapping[str, Any], ...], "why it counts as paid: kind, value, where, confidence; as JSON"] = ()
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Review:
    """A customer's review of an app, product or place. Identity: native id, else URL, author and time."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url", "author", "published_at", "title")
    native_id: NativeId = None
    url: Url = None
    published_at: PublishedAt
    modified_at: Annotated[datetime | None, "last edit, where the source tells it apart from publication"] = None
    subject: Annotated[str, "native id of what is reviewed"]
    subject_name: Annotated[Text, "name of what is reviewed"] = None
    author: Annotated[Text, "who wrote it, as displayed"] = None
    author_url: Annotated[Text, "page of the author"] = None
    rating_value: Annotated[float | None, "stars given"] = None
    rating_best: Annotated[float | None, "best rating possible"] = None
    title: Annotated[Text, "title"] = None
    text: Annotated[Text, "plain text"] = None
    pros: Annotated[Text, "advantages named"] = None
    cons: Annotated[Text, "disadvantages named"] = None
    lang: Annotated[Text, "ISO 639-1 code"] = None
    country: Annotated[Text, "ISO 3166-1 alpha-2 code of the storefront"] = None
    app_version: Annotated[Text, "version reviewed"] = None
    helpful_count: Annotated[int | None, "votes for helpful"] = None
    reply_text: Annotated[Text, "answer of the owner"] = None
    reply_at: Annotated[datetime | None, "time of the answer"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Channel:
    """A channel, account or group with its audience at one moment. Identity: native id, else URL."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url",)
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt = None
    handle: Annotated[Text, "name in the address"] = None
    title: Annotated[Text, "displayed name"] = None
    description: Annotated[Text, "self description"] = None
    kind: Annotated[Text, "channel, group, user, page"] = None
    follower_count: Annotated[int | None, "followers or subscribers"] = None
    post_count: Annotated[int | None, "publications shown by the source"] = None
    is_rounded: Annotated[bool, "follower_count is rounded by the source"] = False
    is_verified: Annotated[bool | None, "verified by the platform"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Ad:
    """An advertisement as a library or a page shows it. Identity: native id, else advertiser, title, text and landing page."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("advertiser", "title", "text", "landing_url", "region")
    native_id: NativeId = None
    url: Url = None
    published_at: PublishedAt = None
    advertiser: Annotated[Text, "who advertises, as displayed"] = None
    advertiser_id: Annotated[Text, "id of the advertiser inside the source"] = None
    region: Annotated[Text, "country or region asked for"] = None
    title: Annotated[Text, "headline"] = None
    text: Annotated[Text, "body"] = None
    display_url: Annotated[Text, "address printed in the ad"] = None
    landing_url: Annotated[Text, "where a click leads"] = None
    creative_type: Annotated[Text, "text, image, video, carousel; unknown where not told"] = None
    started_date: Annotated[Text, "first day of delivery as the source says, YYYY-MM-DD"] = None
    stopped_date: Annotated[Text, "last day of delivery as the source says (may lie ahead), YYYY-MM-DD"] = None
    platforms: Annotated[tuple[str, ...], "where it is delivered"] = ()
    impressions_low_count: Annotated[int | None, "lower bound of impressions"] = None
    impressions_high_count: Annotated[int | None, "upper bound of impressions"] = None
    spend_low_amount: Annotated[Decimal | None, "lower bound of spend"] = None
    spend_high_amount: Annotated[Decimal | None, "upper bound of spend"] = None
    currency: Currency = None
    payer: Annotated[Text, "who pays"] = None
    payer_inn: Annotated[Text, "INN of the payer, check digits right"] = None
    erid: Annotated[Text, "token of Russian ad marking"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class SearchResult:
    """One place of a search result page. Identity: query, region, device, block, position."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("engine", "query", "region", "device", "block", "position")
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt = None
    engine: Annotated[str, "search engine"]
    query: Annotated[str, "query asked"]
    region: Annotated[Text, "region asked for"] = None
    device: Annotated[Text, "desktop or mobile"] = None
    block: Annotated[str, "organic, ad_top, ad_bottom, shopping, video ..."] = "organic"
    position: Annotated[int, "place inside the block, from 1"]
    title: Annotated[Text, "title"] = None
    snippet: Annotated[Text, "text under the title"] = None
    display_url: Annotated[Text, "address printed"] = None
    domain: Annotated[Text, "registrable domain"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Keyword:
    """Demand and bids of a phrase. Identity: phrase, region, device, period."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("phrase", "region", "device", "match_type", "period_start_date")
    native_id: NativeId = None
    url: Url = None
    published_at: PublishedAt = None
    phrase: Annotated[str, "phrase asked"]
    region: Annotated[Text, "region asked for"] = None
    device: Annotated[Text, "device asked for"] = None
    match_type: Annotated[Text, "broad, phrase, exact"] = None
    period_start_date: Annotated[Text, "first day the demand speaks of, YYYY-MM-DD"] = None
    period_end_date: Annotated[Text, "last day the demand speaks of, YYYY-MM-DD"] = None
    search_count: Annotated[int | None, "searches in the period"] = None
    competition_index: Annotated[float | None, "0-100, share of ad slots filled"] = None
    bid_low_amount: Annotated[Decimal | None, "lower top-of-page bid"] = None
    bid_high_amount: Annotated[Decimal | None, "upper top-of-page bid"] = None
    currency: Currency = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class App:
    """An app in one storefront at one moment. Identity: native id (store, app, country)."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("store", "app_id", "country")
    native_id: NativeId = None
    url: Url = None
    published_at: PublishedAt = None
    store: Annotated[str, "app_store, google_play, rustore, appgallery"]
    app_id: Annotated[str, "id inside the store"]
    country: Annotated[Text, "storefront, ISO 3166-1 alpha-2"] = None
    name: Annotated[Text, "name"] = None
    developer: Annotated[Text, "developer"] = None
    genre: Annotated[Text, "main category"] = None
    version: Annotated[Text, "current version"] = None
    released_at: Annotated[datetime | None, "release of the current version"] = None
    release_notes: Annotated[Text, "what is new"] = None
    description: Annotated[Text, "store description"] = None
    rating_value: Annotated[float | None, "mean rating in this storefront, 1-5"] = None
    rating_count: Annotated[int | None, "ratings in this storefront"] = None
    install_count: Annotated[int | None, "installs shown"] = None
    price_amount: Annotated[Decimal | None, "price; 0 = free"] = None
    currency: Currency = None
    size_bytes: Annotated[int | None, "download size, bytes"] = None
    is_available: Annotated[bool | None, "on sale in this storefront"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Job:
    """An open position. Identity: native id, else URL."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("url", "title", "location")
    native_id: NativeId = None
    url: Url
    published_at: PublishedAt = None
    title: Annotated[Text, "position"]
    company: Annotated[Text, "employer"] = None
    location: Annotated[Text, "place"] = None
    is_remote: Annotated[bool | None, "remote work offered"] = None
    employment_type: Annotated[Text, "FULL_TIME, PART_TIME, CONTRACTOR ... (schema.org)"] = None
    salary_low_amount: Annotated[Decimal | None, "lower end of pay"] = None
    salary_high_amount: Annotated[Decimal | None, "upper end of pay"] = None
    currency: Currency = None
    salary_period: Annotated[Text, "HOUR, MONTH, YEAR"] = None
    valid_until_date: Annotated[Text, "open until, YYYY-MM-DD"] = None
    text: Annotated[Text, "description"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


@_record
class Measure:
    """Any number in time: page views, tone, rating totals, histogram bars. Identity: metric, subject, time it speaks of."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("metric", "subject", "dimension", "measured_at")
    native_id: NativeId = None
    url: Url = None
    published_at: PublishedAt = None
    metric: Annotated[str, "what is measured, as <who>_<what>"]
    subject: Annotated[str, "native id of what it is measured on"]
    dimension: Annotated[Text, "which bar, country or part"] = None
    measured_at: Annotated[datetime | None, "time the value speaks of; null = when it was observed"] = None
    value: Annotated[float, "the number"]
    unit: Annotated[Text, "unit"] = None
    is_partial: IsPartial = False
    extra: Extra = field(default_factory=dict)


Record = Page | Offer | Publication | Review | Channel | Ad | SearchResult | Keyword | App | Job | Measure
KINDS: tuple[type, ...] = (Page, Offer, Publication, Review, Channel, Ad, SearchResult, Keyword, App, Job, Measure)


def identity(record: Record) -> tuple[str, ...]:
    """What makes a record the same thing again: its native id, else the parts its kind lists (URLs normalised)."""
    if record.native_id:
        return (record.native_id,)
    parts = []
    for name in record.IDENTITY:
        value = getattr(record, name)
        parts.append(normalise_url(value) if name == "url" and value else "" if value is None else str(value))
    if not any(parts):
        raise ValueError(f"{type(record).__name__} without native_id needs one of {', '.join(record.IDENTITY)}")
    return tuple(parts)
