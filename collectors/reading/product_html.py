"""What a product page prints of its product, for what its structured data leaves open.

Three readings of the page, none of which knows a shop: rows that label a value ("Артикул: 12-34", a table or a list of them), the
price nearest to the title and the buy button, and the id that a page's own address bears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.availability import may_be_sold_out, read_availability
from collectors.reading.document import Attributes, Document, Element
from collectors.reading.embedded import read_embedded_brand, read_embedded_gtin
from collectors.reading.gtin import read_gtin
from collectors.reading.model import ReadOffer
from collectors.reading.node_text import text_of
from collectors.reading.printed_price import PRICE, Printed, read_printed_price
from collectors.reading.product_brand import (
    MAX_BRAND,
    MAX_URL,
    NAMED,
    Shop,
    bare_brand,
    beside_title,
    is_name,
    is_sure_name,
    linked_brand,
    maker_in_capitals,
    maker_in_name,
)
from collectors.reading.product_walk import SHORT, Walk, walk_page, words_of
from collectors.reading.shop_marks import ShopMarks

BEFORE_TITLE = 40  # pieces of text before the title that may still belong to the product; menus stand further away
BEHIND_TITLE = 40  # pieces of text behind it in which the product is said to be sold out
MAX_SOLD_OUT = 40  # characters of that
MAX_MARKED = 200  # elements whose names are looked at
MAX_LABELLED = 100  # characters of a label with its value
MAX_VALUE = 60  # characters of a labelled value
MAX_BUY_BUTTONS = 6  # more of them make a listing
LEAST_IN_ADDRESS = 5  # characters of an article number that an address bears, too
MIN_USES = 3  # how often a page must bear the id of its address

_TITLE_PARTS = re.compile(r"\s+[|–—·•:-]\s+")
_DIGIT = re.compile(r"\d")
_NUMBERS = words.SKU | words.WEAK_SKU | words.GTIN | words.MPN
_LABELS = _NUMBERS | words.BRAND | words.AVAILABILITY
# field -> parts of names of classes and ids, and the attributes that hold its value or name it
_MARKED: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "brand": (words.BRAND_NAMES, ("brand", "byline", "manufacturer"), ("data-brand",)),
    "sku": (("sku",), ("sku",), ("data-sku", "data-product-sku")),
    "gtin": ((), (), ("data-gtin", "data-ean")),
    "availability": (("stock", "availab", *words.BUY_NAMES), ("availab", *words.BUY_NAMES), ()),
}
_PROPS: dict[str, frozenset[str]] = {
    "brand": frozenset(("brand",)),
    "sku": frozenset(("sku", "productID")),
    "gtin": frozenset(("gtin", "gtin8", "gtin12", "gtin13", "gtin14")),
    "availability": frozenset(),
}
_URL_ID = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9_]*\d{3})[A-Za-z0-9_]{5,30}(?![A-Za-z0-9])")
_ID_NAME = re.compile(
    r"(?i)^(?:.*[_-])?(?:p?id|uid|sku|item|itemid|prod(?:uct)?_?(?:id|no|code)?|productid|art(?:icle)?(?:id|no)?|wareid|"
    r"goods(?:id|no)?|nm)$"
)
_LETTERS_BEFORE = re.compile(r"^(?:[a-z]+|[A-Za-z])(?=\d{5,}$)|^[a-z]\d+[a-z](?=\d{5,}$)")


def read_printed(
    document: Document, known: ReadOffer | None, marks: ShopMarks, title: str, url: str | None, lang: str | None, shop: Shop
) -> ReadOffer | None:
    """The product as printed; `title` is what the head of the page says.

    With `known` None only if the page has a title, a price and a way to buy.
    """
    raw = document.tree.raw_html or b""
    if known is None:
        if not (marks.has_buy and (title or any(text_of(node) for node, _, _ in document.tagged("h1"))) and marks.has_price):
            return None
    elif _is_complete(known, marks) and not (marks.has_old and known.old_price_amount is None):
        return None
    walk = walk_page(document, title)
    if walk.title is None:
        _find_title(walk, title)
    if known is None and not walk.title:
        return None
    page = Printed(name=walk.title)
    _read_labels(walk, max(0, (walk.title_at or 0) - BEFORE_TITLE), page)
    if known is None and not _is_product(document, walk, page, url, lang):
        return None
    is_free = known is not None and known.price_amount == 0 and not words.FREE.isdisjoint(walk.keys)
    if known is not None and (known.price_high_amount is not None or not (known.price_amount or is_free) or marks.has_old):
        read_printed_price(walk, page, lang)
    titles = f"{title} {walk.title or ''}"
    wanted = [name for name in _MARKED if getattr(page, name) is None and (known is None or getattr(known, name) is None)]
    _read_marked(document, walk, page, wanted, titles, shop)
    if page.brand is None and (known is None or known.brand is None):
        page.brand = _unmarked_brand(document, walk, title, raw, shop)
    if page.gtin is None and (known is None or known.gtin is None):
        page.gtin = read_embedded_gtin(raw)
    if page.availability is None and (known is None or known.availability is None):
        _read_sold_out(walk, page)
    price = page.price
    return ReadOffer(
        name=page.name,
        price_text=price.text if price else None,
        price_amount=Decimal(0) if is_free else price.amount if price else None,
        price_high_amount=price.high_amount if price else None,
        old_price_amount=page.old_amount
        if price and price.amount is not None and page.old_amount and page.old_amount > price.amount
        else None,
        currency=price.currency if price else None,
        availability=page.availability,
        availability_text=page.availability_text,
        sku=page.sku or _confirmed(page.weak_sku, url) or (id_of_address(url, raw) if url else None) or page.weak_sku,
        gtin=page.gtin,
        mpn=page.mpn,
        brand=page.brand,
    )


def _find_title(walk: Walk, title: str) -> None:
    """The title of a page without a first heading: a text that is what its head says, the one right before the button."""
    parts = sorted((part for part in (title, *_TITLE_PARTS.split(title)) if len(words_of(part)) > 1), key=len, reverse=True)
    for part in parts:
        wanted = part.strip().lower()
        places = [at for at, chunk in enumerate(walk.chunks) if chunk.lower() == wanted]
        if places:
            first_buy = walk.buys[0] if walk.buys else len(walk.chunks)
            before = [at for at in places if at < first_buy]
            at = before[-1] if before else places[0]
            walk.title, walk.title_at = walk.chunks[at][:300], at
            walk.around_title = frozenset(above.mark for above in walk.place(at).chain(30))
            return


def _unmarked_brand(document: Document, walk: Walk, title: str, raw: bytes, shop: Shop) -> str | None:
    """A brand that no label and no mark names: of a link, of scripts' data, of the product's name."""
    name = walk.title or title
    brand = linked_brand(document, walk, name)
    if brand and not shop.seems_called(brand):
        return brand
    brand = read_embedded_brand(raw, f"{title} {walk.title or ''}")
    is_all = brand is not None and walk.title is not None and walk.title.lower() in brand.lower()  # the product's whole name
    if brand and not is_all and not shop.seems_called(brand):
        return brand
    brand = maker_in_name(name, walk.chunks) or maker_in_name(title, walk.chunks) or maker_in_capitals(name)
    return brand if brand and not shop.seems_called(brand) else None


def _is_product(document: Document, walk: Walk, page: Printed, url: str | None, lang: str | None) -> bool:
    """Whether a page without structured data sells one thing: it can be bought for a price, is labelled, or is sold out.

    A number that the page labels and its address bears labels it enough.

    Reads the price, where buttons are found first: it takes longest.
    """
    raw = document.tree.raw_html or b""
    is_bought = 0 < walk.buy_buttons <= MAX_BUY_BUTTONS or (
        walk.buy_buttons > 0 and bool(page.sku or page.gtin or (url and id_of_address(url, raw)))
    )
    if is_bought:
        read_printed_price(walk, page, lang)
        if page.price is not None and not page.is_listed:
            return True
    is_labelled = page.brand is not None and bool(page.sku or page.gtin)
    is_labelled = is_labelled or _confirmed(page.sku or page.weak_sku, url) is not None
    if not is_labelled and not _is_sold_out(document, walk):
        return False
    if not is_bought:
        read_printed_price(walk, page, lang)
    return True


def _confirmed(sku: str | None, url: str | None) -> str | None:
    """An article number that the path of the address bears too, by itself or at the end of a name."""
    if not sku or not url or len(sku) < LEAST_IN_ADDRESS:
        return None
    path = unquote(url[:MAX_URL]).partition("?")[0].lower()
    return sku if re.search(rf"[/_-]{re.escape(sku.lower())}(?:\.html?)?/?$", path) else None


def _is_complete(known: ReadOffer, marks: ShopMarks) -> bool:
    """Whether the page can add nothing to what structured data says."""
    has_price = bool(known.price_amount) and known.price_high_amount is None
    has_rest = bool(known.brand and known.sku and known.availability)
    return has_price and has_rest and (bool(known.gtin) or not marks.has_gtin)


def _is_sold_out(document: Document, walk: Walk) -> bool:
    """A page without a price that says of its product that it cannot be bought."""
    if walk.buy_buttons:
        return False
    elements = document.in_order(document.called("availab", "stock"), document.identified("availab"))
    for node, _, attributes in elements[:20]:
        name = f"{attributes.get('id') or ''} {attributes.get('class') or ''}".lower()
        if not words.VARIANT_NAME.search(name) and _stock_in(text_of(node), walk, node, 200) == "OutOfStock":
            return True
    return False


def _stock_in(printed: str, walk: Walk, node: LexborNode, longest: int) -> str | None:
    """What a short text says of the product's stock; None where it speaks of a branch or of other things, or is not shown."""
    if not 0 < len(printed) < longest or (term := read_availability(printed)) is None:
        return None
    is_of_branch = term == "OutOfStock" and words.BRANCH.search(printed.lower())
    return None if is_of_branch or walk.is_away(node) or _is_hidden(walk, node) else term


def _is_hidden(walk: Walk, node: LexborNode) -> bool:
    """Whether an element waits for a script to show it: most shops carry "sold out" with them in every page."""
    for above in walk.around(node).chain(5):
        attributes = above.node.attributes
        if "hidden" in attributes or "display:none" in (attributes.get("style") or "").replace(" ", ""):
            return True
        if not words.HIDDEN.isdisjoint((attributes.get("class") or "").lower().split()):
            return True
    return False


def _read_labels(walk: Walk, start: int, page: Printed) -> None:
    """Values beside their labels: in the next piece of text, or in the same one after a colon."""
    chunks, keys = walk.chunks, walk.keys
    for number in range(start, len(chunks)):
        chunk, label = chunks[number], keys[number]
        head, colon, tail = "", "", ""
        if ":" in chunk or "：" in chunk:
            head, colon, tail = chunk.replace("：", ":").partition(":")
            if len(chunk) > MAX_LABELLED or len(head) > SHORT:
                continue
            label = words.key_of(head)
        if label not in _LABELS and not (colon and label in words.COLON_BRAND):
            continue
        value = tail.strip()
        if not value:
            value = next((part for part in chunks[number + 1 : number + 3] if part.strip(" :#№.-")), "")
            if words.key_of(value) in _NUMBERS or (not colon and _is_link(walk, number)):
                continue  # one of the heads of a table; an entry of a menu or one of many tags
        _take(label, value.lstrip(": #№").strip(), page)


def _is_link(walk: Walk, at: int) -> bool:
    return any(above.tag == "a" for above in walk.place(at).chain(2))


def _take(label: str, value: str, page: Printed) -> None:
    if not value or len(value) > MAX_VALUE:
        return
    if label in words.GTIN:
        if page.gtin is None:
            page.gtin = next((number for part in re.split(r"[,;/|\s](?!\d)", value) if (number := read_gtin(part))), None)
    elif label in words.BRAND or label in words.COLON_BRAND:
        if page.brand is None and is_name(value):
            page.brand = value
    elif label in words.AVAILABILITY:
        if page.availability is None and (term := read_availability(value)):
            page.availability, page.availability_text = term, value
    elif (code := _code(value)) is None:
        return
    elif label in words.SKU:
        page.sku = page.sku or code
    elif label in words.WEAK_SKU:
        page.weak_sku = page.weak_sku or code
    elif label in words.MPN:
        page.mpn = page.mpn or code


def _code(value: str) -> str | None:
    """The article number a value begins with; None when it is a price, a phrase or too short."""
    code = value.split(" ")[0].rstrip(".,;")
    if not 3 <= len(code) <= 40 or not _DIGIT.search(code) or PRICE.match(value):
        return None
    return code


def _read_marked(document: Document, walk: Walk, page: Printed, wanted: list[str], titles: str, shop: Shop) -> None:
    """Values of elements whose attributes or class names say what they hold."""
    longest_stock = 40 if walk.buy_buttons else 200
    beside = beside_title(walk) if "brand" in wanted else frozenset()
    left = set(wanted)
    for node, _, attributes in document.in_order(*(group for name in wanted for group in _marked_for(document, name)))[
        :MAX_MARKED
    ]:
        if not left:
            break
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
        prop = attributes.get("itemprop") or ""
        if "sku" in left and (sku := _marked_sku(node, attributes, named, prop)):
            page.sku = sku
            left.discard("sku")
        if "gtin" in left and (gtin := _marked_gtin(node, attributes, prop)):
            page.gtin = gtin
            left.discard("gtin")
        if "brand" in left:
            is_beside = node.mem_id in beside
            brand = _marked_brand(node, attributes, named, prop, titles, is_beside=is_beside)
            if brand and (is_beside or not shop.seems_called(brand)) and not walk.is_away(node):
                page.brand = brand
                left.discard("brand")
        if "availability" in left and not words.VARIANT_NAME.search(named):
            is_stock = "stock" in named or "availab" in named
            printed = text_of(node) if is_stock or not walk.buys else ""
            term = _stock_in(printed, walk, node, longest_stock)
            if term and (is_stock or (term == "OutOfStock" and any(name in named for name in words.BUY_NAMES))):
                page.availability, page.availability_text = term, printed
                left.discard("availability")


def _marked_for(document: Document, name: str) -> Iterator[Sequence[Element]]:
    """The elements that are marked as holding a field."""
    classes, ids, holders = _MARKED[name]
    yield document.called(*classes)
    yield document.identified(*ids)
    yield from map(document.with_attribute, holders)
    if props := _PROPS[name]:
        marked = document.valued("itemprop", *map(str.lower, props))
        yield [element for element in marked if not props.isdisjoint((element[2]["itemprop"] or "").split())]
    for attribute in words.TEST_NAMES if name == "brand" else ():
        yield document.valued(attribute, "brand")


def _marked_sku(node: LexborNode, attributes: Attributes, named: str, prop: str) -> str | None:
    given = attributes.get("data-sku") or attributes.get("data-product-sku")
    if given is None and (prop in ("sku", "productID") or "sku" in named):
        given = (attributes.get("content") or text_of(node)).rpartition(":")[2].strip()
        given = None if " " in given else given
    return _code(given.strip()) if given else None


def _marked_gtin(node: LexborNode, attributes: Attributes, prop: str) -> str | None:
    given = attributes.get("data-gtin") or attributes.get("data-ean")
    if not given and prop.startswith("gtin"):
        given = attributes.get("content") or text_of(node)
    return read_gtin(given) if given else None


def brand_of(node: LexborNode) -> str | None:
    """The brand an element shows: its text, else what its picture is called; None for what is too long for a name."""
    shown = text_of(node)
    if not shown:
        for picture in [node] if node.tag == "img" else node.css("img[alt], img[title]")[:5]:
            attributes = picture.attributes
            shown = (attributes.get("alt") or "").strip() or (attributes.get("title") or "").strip()
            if shown:
                break
    return shown if 0 < len(shown) < MAX_BRAND else None


def _marked_brand(node: LexborNode, attributes: Attributes, named: str, prop: str, titles: str, *, is_beside: bool) -> str | None:
    """A brand named by attributes, or one that a class name promises and the place beside the title or a title bears out."""
    value = (attributes.get("data-brand") or (attributes.get("content") if prop == "brand" else None) or "").strip()
    tested = (attributes[name] for name in words.TEST_NAMES if attributes.get(name))
    named = " ".join((named, *map(str, tested))).lower()
    is_promised = "logo" not in named and any(name in named for name in words.BRAND_NAMES)
    if not value and (prop == "brand" or is_promised):
        value = bare_brand(brand_of(node) or "")
        is_sure = prop == "brand" or "byline" in named or (is_beside and NAMED.search(named) and not PRICE.search(value))
        if not is_sure and value.lower() not in titles.lower():
            return None
    return value if value and is_sure_name(value) else None


def _read_sold_out(walk: Walk, page: Printed) -> None:
    """ "Sold out" where the button to buy would stand: right behind the title, and no button anywhere."""
    if walk.title_at is None or walk.buys:
        return
    first, last = walk.title_at + 1, walk.title_at + BEHIND_TITLE
    if not may_be_sold_out("\n".join(walk.chunks[first:last])):
        return
    for at, chunk in enumerate(walk.chunks[first:last], first):
        if len(chunk) < MAX_SOLD_OUT and _stock_in(chunk, walk, walk.place(at).node, MAX_SOLD_OUT) == "OutOfStock":
            page.availability, page.availability_text = "OutOfStock", chunk
            return


def id_of_address(url: str, raw: bytes) -> str | None:
    """The id that the page's own address bears, if the page uses it otherwise too: "/p/teapot-400105394.html" gives 400105394."""
    try:
        parts = urlsplit(url[:MAX_URL])
    except ValueError:
        return None
    pairs = [pair.partition("=") for pair in parts.query.split("&")[:20]]
    places = [unquote(value) for name, _, value in pairs if _ID_NAME.match(name)]
    places += reversed(unquote(parts.path).split("/"))
    for place in places:
        for token in reversed(_URL_ID.findall(re.sub(r"\.(?:html?|php|aspx?)$", "", place))):
            digits = sum(char.isdigit() for char in token)
            if digits >= 5 or (digits >= 3 and token.isupper()):
                number = _LETTERS_BEFORE.sub("", token)
                if _is_used(number.encode(), raw):
                    return str(number)
    return None


def _is_used(number: bytes, raw: bytes) -> bool:
    """Whether a number stands in the page often enough; no further than that is looked."""
    end = 0
    for _ in range(MIN_USES):
        start = raw.find(number, end)
        if start < 0:
            return False
        end = start + len(number)
    return True
