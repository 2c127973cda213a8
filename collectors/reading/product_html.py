"""What a product page prints of its product, for what its structured data leaves open.

Three readings of the page, none of which knows a shop: rows that label a value ("Артикул: 12-34", a table or a list of them), the
price nearest to the title and the buy button, and the id that a page's own address bears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading import product_words as words
from collectors.reading.availability import read_availability
from collectors.reading.gtin import read_gtin
from collectors.reading.model import ReadOffer
from collectors.reading.node_text import text_of
from collectors.reading.prices import Price, read_price

MAX_CHUNKS = 6_000  # pieces of text that are looked at
MAX_CANDIDATES = 80  # elements that may show the price
MAX_PRICE_TEXT = 70
MAX_VALUE = 60  # characters of a labelled value
MAX_BUY_BUTTONS = 6  # more of them make a listing
_SEPARATOR = "\x1f"

_CURRENCY = (
    r"(?:US\s?\$|[A-Z]{1,2}\$|[$€£¥￥₽₴₸₹₺₩₪฿₫₱₦]|руб(?:лей|\.)?|р\.|грн|тг\b|лв\.?|Kč|kč|zł|Zł|\bkn\b|\bKn\b|\bkr\b\.?|\bFt\b|\blei\b|\bRs\.?|\bRM\b|\bRp\b|\bTL\b|円|元|원|\bCHF\b|\bEUR\b|\bUSD\b|\bGBP\b|"
    r"\bRUB\b|\bPLN\b|\bSEK\b|\bNOK\b|\bDKK\b|\bAUD\b|\bCAD\b|\bPKR\b|\bINR\b|\bSEK\b|\bHRK\b|,-)"
)
_NUMBER = r"\d{1,3}(?:[\s.,'’\u00a0\u202f]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_PRICE = re.compile(rf"{_CURRENCY}\s*(?:{_NUMBER})|(?:{_NUMBER})\s*{_CURRENCY}")
_DIGIT = re.compile(r"\d")
_CANDIDATES = (
    'h1, button, input, del, s, strike, [itemprop~="price"], [class*="price" i], [id*="price" i], [class*="prix" i], [class*="preis" i], [class*="precio" i], '
    '[class*="prezzo" i], [class*="cena" i], [class*="amount" i], [class*="cost" i], [data-price], [data-qa*="price" i], [data-testid*="price" i], [data-test*="price" i]'
)
_MARKED = (
    '[itemprop~="brand"], [class*="brand" i], [id*="brand" i], [class*="manufacturer" i], [class*="vendor" i], [class*="designer" i], [data-brand], [data-sku], '
    '[data-product-sku], [data-product-id], [data-productid], [data-pid], [data-gtin], [data-ean], [class*="sku" i], [id*="sku" i], [itemprop~="sku"], [itemprop~="productID"], '
    '[itemprop^="gtin"], [class*="stock" i], [class*="availab" i], [id*="availab" i], [id*="byline" i], [class*="byline" i]'
)
_URL_ID = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9_]*\d{3})[A-Za-z0-9_]{5,26}(?![A-Za-z0-9])")


@dataclass(slots=True)
class Printed:
    """What the page prints; fields as in ReadOffer."""

    name: str | None = None
    price: Price | None = None
    old_amount: Decimal | None = None
    sku: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    brand: str | None = None
    availability: str | None = None
    availability_text: str | None = None
    buy_buttons: int = 0


def read_printed(tree: LexborHTMLParser, known: ReadOffer | None, lang: str | None) -> ReadOffer | None:
    """The product as printed; with `known` None only if the page has a title, a price and a way to buy."""
    raw = tree.raw_html or b""
    if known is None and not any(mark in raw for mark in words.BUY_MARKS):
        return None
    page = Printed()
    chunks = chunks_of(tree)
    page.buy_buttons = sum(1 for chunk in chunks if len(chunk) < 40 and words.BUY.match(chunk))
    if known is None and not page.buy_buttons and b"<input" not in raw and b"<INPUT" not in raw:
        return None
    _read_price(tree, page, lang, wanted=known is None or known.price_amount is None)
    if known is None and (page.price is None or not page.name or not 0 < page.buy_buttons <= MAX_BUY_BUTTONS):
        return None
    _read_labels(chunks, page)
    _read_marked(tree, page)
    price = page.price
    return ReadOffer(
        name=page.name,
        price_text=price.text if price else None,
        price_amount=price.amount if price else None,
        price_high_amount=price.high_amount if price else None,
        old_price_amount=page.old_amount if price and price.amount is not None and page.old_amount and page.old_amount > price.amount else None,
        currency=price.currency if price else None,
        availability=page.availability,
        availability_text=page.availability_text,
        sku=page.sku,
        gtin=page.gtin,
        mpn=page.mpn,
        brand=page.brand,
    )


def chunks_of(tree: LexborHTMLParser) -> list[str]:
    """The pieces of text of the page in order, white space collapsed; long ones (prose, scripts) are left out."""
    body = tree.body
    if body is None:
        return []
    pieces = body.text(deep=True, separator=_SEPARATOR).split(_SEPARATOR)
    return [" ".join(piece.split()) for piece in pieces[: 4 * MAX_CHUNKS] if len(piece) < 250 and not piece.isspace()][:MAX_CHUNKS]


def _read_labels(chunks: list[str], page: Printed) -> None:
    """Values beside their labels: in the next piece of text, or in the same one after a colon."""
    for number, chunk in enumerate(chunks):
        if len(chunk) > 100:
            continue
        head, colon, tail = chunk.partition(":")
        if colon and tail.strip() and len(head) <= 40:
            _take(head, tail.strip(), page)
        elif len(chunk) <= 40:
            value = next((part for part in chunks[number + 1 : number + 3] if part.strip(" :#№.-")), "")
            _take(chunk, value.lstrip(": #№").strip(), page)


def _take(label: str, value: str, page: Printed) -> None:
    if not value or len(value) > MAX_VALUE:
        return
    if page.gtin is None and words.GTIN.match(label):
        page.gtin = next((number for part in re.split(r"[,;/|\s](?!\d)", value) if (number := read_gtin(part))), None)
    elif page.sku is None and words.SKU.match(label) and _is_code(value):
        page.sku = value.split(" ")[0].rstrip(".,;") if " " in value else value
    elif page.mpn is None and words.MPN.match(label) and _is_code(value):
        page.mpn = value
    elif page.brand is None and words.BRAND.match(label) and _is_name(value):
        page.brand = value


def _is_code(value: str) -> bool:
    return bool(_DIGIT.search(value)) and len(value) <= 40 and value.count(" ") <= 2 and not _PRICE.search(value)


def _is_name(value: str) -> bool:
    return any(char.isalpha() for char in value) and len(value) <= 50 and not value.endswith((":", "?", "…"))


def _read_marked(tree: LexborHTMLParser, page: Printed) -> None:
    """Values of elements whose attributes or class names say what they hold."""
    for node in tree.css(_MARKED)[:200]:
        attributes = node.attributes
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
        prop = attributes.get("itemprop") or ""
        if page.sku is None:
            for name in ("data-sku", "data-product-sku"):
                value = (attributes.get(name) or "").strip()
                if value and _is_code(value):
                    page.sku = value
            if page.sku is None and (prop in ("sku", "productID") or "sku" in named):
                value = (attributes.get("content") or text_of(node)).rpartition(":")[2].strip()
                if _is_code(value) and " " not in value:
                    page.sku = value
        if page.gtin is None and (prop.startswith("gtin") or attributes.get("data-gtin") or attributes.get("data-ean")):
            page.gtin = read_gtin(attributes.get("data-gtin") or attributes.get("data-ean") or attributes.get("content") or text_of(node))
        if page.brand is None and not _is_away(node):
            page.brand = _marked_brand(node, attributes, named, prop)
        if page.availability is None and ("stock" in named or "availab" in named) and not _is_away(node):
            printed = text_of(node)
            if printed and len(printed) < 80 and (term := read_availability(printed)):
                page.availability, page.availability_text = term, printed


def _marked_brand(node: LexborNode, attributes: dict[str, str | None], named: str, prop: str) -> str | None:
    value = (attributes.get("data-brand") or (attributes.get("content") if prop == "brand" else None) or "").strip()
    if not value and ("brand" in named or "byline" in named or "manufacturer" in named or "designer" in named or prop == "brand"):
        if "logo" in named and prop != "brand":
            return None
        value = text_of(node)
        if not value:
            picture = node if node.tag == "img" else node.css_first("img[alt], img[title]")
            if picture is not None:
                value = (picture.attributes.get("alt") or picture.attributes.get("title") or "").strip()
        value = words.BRAND_SUFFIX.sub("", words.BRAND_PREFIX.sub("", value)).strip(" :")
    return value if value and _is_name(value) and len(value) <= 35 and not words.BRAND.match(value) else None


class _Candidate:
    """An element that shows a price, and what speaks for it."""

    __slots__ = ("name", "node", "order", "price", "score")

    def __init__(self, node: LexborNode, order: int, price: Price, name: str, score: float) -> None:
        self.node = node
        self.order = order
        self.price = price
        self.name = name
        self.score = score


def _read_price(tree: LexborHTMLParser, page: Printed, lang: str | None, *, wanted: bool) -> None:
    """The title, and the price that stands best to it."""
    title_at: int | None = None
    buy_at: int | None = None
    candidates: list[_Candidate] = []
    last = 0
    for order, node in enumerate(tree.css(_CANDIDATES)[:2_000]):
        mark = node.mem_id
        if mark == last:
            continue
        last = mark
        tag = node.tag
        if tag == "h1":
            name = text_of(node)
            if name and (title_at is None or not page.name):
                page.name, title_at = name[:300], order
        elif tag in ("button", "input"):
            attributes = node.attributes
            label = (attributes.get("value") or attributes.get("aria-label") or attributes.get("title") or "").strip()
            if tag == "input" and label and len(label) < 40 and words.BUY.match(label):
                page.buy_buttons += 1
                buy_at = buy_at if buy_at is not None else order
            elif tag == "button" and buy_at is None and (words.BUY.match(label) or words.BUY.match(text_of(node)[:60])):
                buy_at = order
        elif wanted and len(candidates) < MAX_CANDIDATES and (candidate := _candidate(node, order, lang)) is not None:
            candidates.append(candidate)
    if not candidates:
        return
    votes: dict[Decimal | None, int] = {}
    for one in candidates:
        votes[one.price.amount] = votes.get(one.price.amount, 0) + 1
    for one in candidates:
        if title_at is not None:
            distance = one.order - title_at
            one.score += (2.0 - min(distance, 60) / 20) if distance >= 0 else -0.5 - min(-distance, 60) / 60
        if buy_at is not None:
            one.score += 1.0 - min(abs(buy_at - one.order), 30) / 15
        one.score += 0.2 * min(votes[one.price.amount] - 1, 4)
    best = max(candidates, key=lambda one: (one.score, -one.order))
    if best.score < 0.5:
        return
    page.price = best.price
    olds = [one.price.amount for one in candidates if abs(one.order - best.order) <= 8 and words.OLD_NAME.search(one.name) and one.price.amount is not None]
    page.old_amount = best.price.old_amount or next((old for old in olds if best.price.amount is not None and old > best.price.amount), None)


def _candidate(node: LexborNode, order: int, lang: str | None) -> _Candidate | None:
    attributes = node.attributes
    given = attributes.get("content") if attributes.get("itemprop") else None
    shown = text_of(node)
    if len(shown) > MAX_PRICE_TEXT or not (_DIGIT.search(shown) or given):
        return None
    has_currency = bool(_PRICE.search(shown))
    name = f"{node.tag} {attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('data-testid') or ''}"
    is_price = attributes.get("itemprop") == "price"
    if not (has_currency or is_price or attributes.get("data-price")):
        return None
    price = read_price(given or shown or attributes.get("data-price") or "", shown if given else None, lang)
    if price.amount is None or price.amount == 0:
        return None
    score = 1.0 * has_currency + 1.5 * is_price
    if words.OLD_NAME.search(name) or node.tag in ("del", "s", "strike"):
        score -= 3.0
        name += " old"
    if words.BAD_NAME.search(name):
        score -= 1.5
    if words.GOOD_NAME.search(name):
        score += 0.8
    if len(shown) <= 20:
        score += 0.5
    if price.is_monthly:
        score -= 2.0
    for away in _names_above(node):
        if words.AWAY_NAME.search(away):
            score -= 2.0
            break
        if words.OLD_NAME.search(away) and len(away) < 60:
            score -= 0.7
    return _Candidate(node, order, price, name, score)


def _names_above(node: LexborNode, levels: int = 9) -> Iterator[str]:
    """Tag, class and id of the elements around a node, from inside out."""
    parent = node.parent
    while parent is not None and levels and parent.tag not in ("body", "html"):
        attributes = parent.attributes
        tag = parent.tag
        yield f"{tag if tag in ('nav', 'footer', 'aside', 'header', 'del', 's') else ''} {attributes.get('class') or ''} {attributes.get('id') or ''}"[:200]
        parent = parent.parent
        levels -= 1


def _is_away(node: LexborNode) -> bool:
    return any(words.AWAY_NAME.search(name) for name in _names_above(node, 7))


def id_of_address(url: str, raw: bytes) -> str | None:
    """The id that the page's own address bears, if the page uses it otherwise too: "/p/teapot-400105394.html" gives 400105394."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    found: list[str] = []
    query = [value for pair in parts.query.split("&")[:10] if (value := pair.partition("=")[2]) and re.match(r"(?i)(?:.*id|sku|pid|item|product|p|art.*)=", pair)]
    for part in (*reversed(unquote(parts.path)[:1_000].split("/")), *map(unquote, query)):
        for token in _URL_ID.findall(re.sub(r"\.(?:html?|php|aspx?)$", "", part)):
            digits = sum(char.isdigit() for char in token)
            if digits >= 5 or (digits >= 3 and token.isupper()):
                found.append(re.sub(r"^[piaP](?=\d{5})", "", token))
    for token in found:
        if raw.count(token.encode()) >= 3:
            return token
    return None
