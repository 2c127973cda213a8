"""Structured data, products and prices: our readers beside extruct, zyte-parsers and price-parser, same pages, same run.

    python -m benchmarks.reading_structured

The corpora are those of `benchmarks.content_corpora`; peers come with `uv sync --group bench`.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import tarfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import extruct
from lxml.html import fromstring
from price_parser import Price
from selectolax.lexbor import LexborHTMLParser, LexborNode
from zyte_parsers import extract_brand_name, extract_breadcrumbs, extract_rating

from benchmarks.content_corpora import DATA
from benchmarks.table import Row, print_table
from collectors.reading.breadcrumbs import crumbs_of
from collectors.reading.document import read_document
from collectors.reading.model import Item, walk
from collectors.reading.prices import currency_code, read_price
from collectors.reading.product_html import brand_of
from collectors.reading.products import read_offers
from collectors.reading.ratings import rating_of_node
from collectors.reading.structured import read_items, read_items_from_html
from collectors.reading.vocabulary import bare_property, bare_type

KEYS = frozenset(
    ("name", "price", "priceCurrency", "url", "description", "ratingValue", "headline", "datePublished", "sku", "image")
)
SYNTAXES = ["json-ld", "microdata", "rdfa", "opengraph"]
Fact = tuple[str, ...]


class Clock:
    """Seconds of processor time spent in what it is asked to call: other work on the machine counts for neither side."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def call(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args, **options)
        finally:
            self.seconds += time.process_time() - began


def rows() -> Iterator[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers'
        yield from extraction(DATA, "extruct-samples", "samples.tar.xz")
        yield from extraction(DATA, "jsonld-pages", "html.tar.xz")
        yield from schema_org(DATA)
        yield from values(DATA)
        yield from price_strings(DATA)
        yield from products(DATA)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def pages(archive: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.name.endswith(".html") else None
            if file is not None:
                yield member.name, file.read().decode("utf-8", "replace")


def plain(value: object) -> str:
    """A value as it is compared: entities, white space, case and the spelling of schema.org's address do not matter."""
    return re.sub(r"\s+|https?://schema\.org/", "", html.unescape(html.unescape(str(value)))).lower()


def facts_of_items(items: list[Item], keys: frozenset[str] | None = KEYS) -> set[Fact]:
    found: set[Fact] = set()
    for item in walk(items, 100_000):
        types = item.properties.get("@type") or [item.type]
        found.update((item.origin, "type", name) for name in types)
        for key, value in item.properties.items():
            for part in value if isinstance(value, list) else (value,):
                literal = part.properties.get("@id") if isinstance(part, Item) else part
                if literal is not None and (keys is None or key in keys):
                    found.update((item.origin, name, key, plain(literal)) for name in types)
    return found


def facts_of_extruct(extracted: dict[str, Any], keys: frozenset[str] | None = KEYS) -> set[Fact]:
    found: set[Fact] = set()

    def take(node: Any, origin: str) -> None:
        if isinstance(node, list):
            for part in node:
                take(part, origin)
        if not isinstance(node, dict):
            return
        types = node.get("@type") or (node.get("type") if origin == "microdata" else None) or []
        types = [bare_type(name) for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]
        found.update((origin, "type", name) for name in types)
        for key, value in (node.get("properties") or node).items():
            if key not in ("@type", "@context", "type", "properties"):
                for part in value if isinstance(value, list) else (value,):
                    if isinstance(part, dict) and not (
                        literal := part.get("@value") or (part.get("@id") if len(part) == 1 else None)
                    ):
                        take(part, origin)
                    elif isinstance(part, dict) or part is not None:
                        literal = literal if isinstance(part, dict) else part
                        name = bare_property(key)
                        if (
                            (keys is None or name in keys)
                            and not isinstance(literal, (bool, list))
                            and plain(literal)
                            and not str(literal).startswith("_:")
                        ):
                            found.update((origin, kind, name, plain(literal)) for kind in types[:1])

    for origin in ("json-ld", "microdata", "rdfa"):
        take(extracted.get(origin, []), origin)
    return found


def extraction(data: Path, name: str, archive: str) -> Iterator[Row]:
    """Share of what extruct finds (types and key properties) that we find too; pages where nothing is missing."""
    ours, peer = Clock(), Clock()
    known = missing = whole = count = 0
    for _, page in pages(data / name / archive):
        extracted = peer.call(extruct.extract, page, base_url="http://example.com/", syntaxes=SYNTAXES, errors="ignore")
        wanted = facts_of_extruct(extracted)
        got = facts_of_items(ours.call(read_items_from_html, page, "http://example.com/"))
        known += len(wanted)
        missing += len(wanted - got)
        whole += not wanted - got
        count += 1
    speeds = (count / ours.seconds, count / peer.seconds)
    yield Row(name, "extruct's facts found", 1 - missing / known, "extruct", 1.0, *speeds)
    yield Row(name, "pages with all of them", whole / count, "extruct", 1.0, *speeds)


def schema_org(data: Path) -> Iterator[Row]:
    """Share of the facts of the JSON-LD example that the microdata and RDFa examples give too.

    Both readers look for all syntaxes, as they do on pages of which nothing is known.
    """
    for syntax, mark in (("microdata", "itemscope"), ("rdfa", "typeof")):
        ours, peer = Clock(), Clock()
        total = by_us = by_peer = count = 0
        for example in lines(data / "schemaorg-examples" / "examples.jsonl.gz"):
            page = example[syntax] or ""
            wanted = {fact[1:] for fact in facts_of_items(read_items_from_html(example["json"] or ""), None) if len(fact) == 4}
            if not wanted or mark not in page:
                continue
            got = facts_of_items(ours.call(read_items_from_html, page, "http://example.com/"), None)
            extracted = peer.call(extruct.extract, page, base_url="http://example.com/", syntaxes=SYNTAXES, errors="ignore")
            count += 1
            total += len(wanted)
            by_us += len(wanted & {fact[1:] for fact in got})
            by_peer += len(wanted & {fact[1:] for fact in facts_of_extruct(extracted, None)})
        speeds = (count / ours.seconds, count / peer.seconds)
        yield Row("schemaorg-examples", f"JSON-LD facts in {syntax}", by_us / total, "extruct", by_peer / total, *speeds)


def values(data: Path) -> Iterator[Row]:
    """Brand, rating and trail of marked fragments, exactly as expected."""
    folder = data / "zyte-parsers-values"
    brands = lines(folder / "brand_values.jsonl.gz")
    yield score(
        "brand",
        brands,
        lambda case: brand_of(body(case["html"])) == case["value"],
        lambda case: extract_brand_name(fromstring(case["html"]), 10) == case["value"],
    )
    trails = lines(folder / "breadcrumbs.jsonl.gz")

    def trail(case: dict[str, Any], steps: Iterable[Any]) -> bool:
        return [(step.name, step.url) for step in steps] == [(step.get("name"), step.get("url")) for step in case["expected"]]

    yield score(
        "breadcrumbs",
        trails,
        lambda case: trail(case, crumbs_of(body(f"<div>{case['html']}</div>"), case["base_url"])),
        lambda case: trail(case, extract_breadcrumbs(fromstring(case["html"]), base_url=case["base_url"]) or ()),
    )
    ratings = lines(folder / "rating_values.jsonl.gz")

    def marked(case: dict[str, Any]) -> LexborNode:
        return LexborHTMLParser(case["parent_html"]).css_first("[xd-target-node]") or body(case["html"])

    def of_peer(case: dict[str, Any]) -> tuple[float | None, float | None]:
        found = extract_rating(fromstring(case["parent_html"]).xpath("//*[@xd-target-node]")[0])
        return found.ratingValue, found.bestRating

    yield score(
        "rating",
        ratings,
        lambda case: (r := rating_of_node(marked(case))) is not None and r.value == case["ratingValue"],
        lambda case: of_peer(case)[0] == case["ratingValue"],
    )
    yield score(
        "rating and scale",
        ratings,
        lambda case: rating_of_node(marked(case)) == (case["ratingValue"], case["bestRating"]),
        lambda case: of_peer(case) == (case["ratingValue"], case["bestRating"]),
    )


def body(page: str) -> LexborNode:
    node = LexborHTMLParser(page).body
    if node is None:
        raise ValueError("a fragment without a body")
    return node


def score(
    name: str, cases: list[dict[str, Any]], ours: Callable[[dict[str, Any]], bool], peers: Callable[[dict[str, Any]], bool]
) -> Row:
    our_clock, peer_clock = Clock(), Clock()
    right = sum(bool(our_clock.call(ours, case)) for case in cases)
    right_of_peer = sum(bool(peer_clock.call(peers, case)) for case in cases)
    count = len(cases)
    speeds = (count / our_clock.seconds, count / peer_clock.seconds)
    return Row("zyte-parsers-values", name, right / count, "zyte-parsers", right_of_peer / count, *speeds)


def price_strings(data: Path) -> Iterator[Row]:
    cases = lines(data / "price-parser-cases" / "prices.jsonl.gz")
    for name, chosen in (
        ("all", cases),
        ("peer's known failures left out", [case for case in cases if "XFAIL" not in case["set"]]),
    ):
        right = [0, 0]
        for case in chosen:
            amount = Decimal(case["amount"]) if case["amount"] is not None else None
            separator = case.get("decimal_separator")
            right[0] += read_price(case["price_raw"] or "", case["currency_raw"], decimal_separator=separator).amount == amount
            right[1] += Price.fromstring(case["price_raw"], case["currency_raw"], separator).amount == amount
        yield Row("price-parser-cases", f"amount, {name}", right[0] / len(chosen), "price-parser", right[1] / len(chosen))
    codes = [case for case in cases if case["currency"]]
    ours = sum(
        read_price(case["price_raw"] or "", case["currency_raw"]).currency == currency_code(case["currency"]) for case in codes
    )
    peer = sum(
        currency_code(Price.fromstring(case["price_raw"], case["currency_raw"]).currency) == currency_code(case["currency"])
        for case in codes
    )
    yield Row("price-parser-cases", "currency", ours / len(codes), "price-parser", peer / len(codes))


FIELDS = {"price": "price_amount", "availability": "availability", "sku": "sku", "gtin": "gtin", "brand": "brand"}


def products(data: Path) -> Iterator[Row]:
    """F1 of each attribute as the authors of the benchmark score it; the peer is extruct with price-parser."""
    truth = json.loads(gzip.decompress((data / "product-extraction-benchmark" / "ground-truth.json.gz").read_bytes()))
    found: list[dict[str, dict[str, Any]]] = [{}, {}]
    ours, peer = Clock(), Clock()
    for name, page in pages(data / "product-extraction-benchmark" / "html.tar.xz"):
        number = Path(name).stem
        if number in truth:
            found[0][number] = ours.call(read_product, page, truth[number]["url"])
            found[1][number] = peer.call(product_of_extruct, page, truth[number]["url"])
    for field in FIELDS:
        own, theirs = (f1(truth, answers, field) for answers in found)
        speeds = (len(found[0]) / ours.seconds, len(found[0]) / peer.seconds)
        yield Row("product-extraction-benchmark", f"{field} F1", own, "extruct + price-parser", theirs, *speeds)


def read_product(page: str, url: str) -> dict[str, Any]:
    document = read_document(page)
    offers = read_offers(document, read_items(document, url), url)
    return {field: getattr(offers[0], name) for field, name in FIELDS.items()} if offers else {}


def product_of_extruct(page: str, url: str) -> dict[str, Any]:
    extracted = extruct.extract(page, base_url=url, syntaxes=["json-ld", "microdata"], uniform=True, errors="ignore")
    for item in [*extracted.get("json-ld", []), *extracted.get("microdata", [])]:
        if "product" in str(item.get("@type")).lower():
            offers = item.get("offers") or {}
            offer = (offers[0] if offers else {}) if isinstance(offers, list) else offers
            offer = offer if isinstance(offer, dict) else {}
            brand = item.get("brand")
            printed = offer.get("price") or offer.get("lowPrice")
            return {
                "price": Price.fromstring(str(printed)).amount if printed else None,
                "availability": str(offer.get("availability") or "").rpartition("/")[2] or None,
                "sku": item.get("sku"),
                "gtin": next((item[key] for key in ("gtin13", "gtin", "gtin14", "gtin12", "gtin8") if item.get(key)), None),
                "brand": brand.get("name") if isinstance(brand, dict) else brand,
            }
    return {}


def f1(truth: dict[str, Any], answers: dict[str, dict[str, Any]], field: str) -> float:
    hits = wrong = missed = 0
    for number, expected in truth.items():
        value = answers.get(number, {}).get(field)
        wanted = expected.get(field) or []
        if field == "availability":
            value, wanted = value or "InStock", wanted or ["InStock"]
        if value in (None, ""):
            missed += bool(wanted)
        elif comparable(value, field) in {comparable(one, field) for one in wanted}:
            hits += 1
        else:
            wrong += 1
            missed += bool(wanted)
    return 2 * hits / (2 * hits + wrong + missed) if hits else 0.0


def comparable(value: object, field: str) -> object:
    if field == "price":
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None
    text = " ".join(str(value).split()).lower()
    return text.lstrip("0") if field in ("sku", "gtin") else text


if __name__ == "__main__":
    print_table(rows())
