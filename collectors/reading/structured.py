"""What a page says of itself in structured data, in one form.

Syntaxes: JSON-LD, microdata, RDFa Lite, OpenGraph, Twitter cards, Dublin Core.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from collectors.reading.document import Attributes, Document, read_document
from collectors.reading.jsonld import items_from_blocks
from collectors.reading.metatags import items_from_metas
from collectors.reading.microdata import read_microdata
from collectors.reading.model import Item
from collectors.reading.rdfa import read_rdfa

_JSON_LD = frozenset(("application/ld+json", "ld+json", "text/ld+json"))


def read_items(document: Document, url: str | None = None) -> list[Item]:
    """All items of a page, origin by origin, each in document order; an unreadable block costs only itself."""
    scripts = document.valued("type", "ld+json")
    items = items_from_blocks(
        [_script_text(node) for node, tag, attributes in scripts if tag == "script" and _is_json_ld(attributes)]
    )
    if "itemscope" in document.attribute_names:
        items += read_microdata(document, url)
    if "typeof" in document.attribute_names:
        items += read_rdfa(document, url)
    return items + items_from_metas(document.metas)


def read_items_from_html(html: str | bytes, url: str | None = None) -> list[Item]:
    """The same for the text of a page that is not parsed yet."""
    return read_items(read_document(html), url)


def _is_json_ld(attributes: Attributes) -> bool:
    """Whether a script is a JSON-LD block; parameters and case of its type do not matter."""
    kind = attributes.get("type")
    return kind is not None and kind.partition(";")[0].strip().lower() in _JSON_LD


def _script_text(node: LexborNode) -> str:
    """What stands between the tags of a script, as it is."""
    return node.text(deep=True, separator="", strip=False)
