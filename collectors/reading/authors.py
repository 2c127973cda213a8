"""Who wrote a page: structured data, meta tags, then the byline that the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from selectolax.lexbor import LexborHTMLParser

from collectors.reading.head import Head, clean, first_text, text_of, values
from collectors.reading.model import Item

MOST_AUTHORS = 30
_SPLIT = re.compile(r"\s*(?:,(?!\s*(?:Jr|Sr|Ph\.?D|MD|M\.D)\b)|;|\||/|\n|\s+(?:and|und|et|y|и|та|і|e|&|with|mit)\s+)\s*", re.IGNORECASE)
_LABEL = re.compile(
    r"^\W*(?:(?:written|posted|published|reported|story|reviewed|text|words|article)\s+by|by|von|vom|par|por|di|door|af|av|od|"
    r"autor(?:in|en|es)?|author(?:s)?|автор(?:ы|ка|и)?|текст|text|редактор|фото)\b\s*[:：]?\s*(?=\S)",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{3}|^(?:admin|administrator|редакция|root|user|author|none|null|undefined|n/a)$", re.IGNORECASE)
_BYLINES = (
    '[itemprop="author"] [itemprop="name"], [itemprop="author"], [rel~="author"], '
    '[class~="author"], [class~="byline"], [class*="author-name" i], [class*="author__name" i], [class*="byline" i], '
    '[class*="authorname" i], [class*="article-author" i], [class*="post-author" i], [id*="byline" i], [data-testid*="byline" i]'
)


def read_authors(tree: LexborHTMLParser, head: Head, own: Sequence[Item], site_name: str | None) -> tuple[str, ...]:
    """Names in the order given. An organisation counts only where structured data says it wrote the page."""
    for item in own:
        names = _unique(_names_of(item))
        if names:
            return names
    metas = _unique(
        name
        for value in head.all(
            "author", "article:author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author", "sailthru.author",
            "byl", "mediator_author", "og:article:author", "book:author", "article.author", "cxenseparse:author", "vr:author",
        )  # fmt: skip
        for name in split_names(value)
    )
    if metas:
        return metas
    for node in tree.css(_BYLINES)[:20]:
        text = clean(node.text(separator=" "))
        if 2 < len(text) < 120:
            names = _unique(name for name in split_names(text) if _is_person(name))
            if names:
                return names
    return ()


def _names_of(item: Item) -> Iterable[str]:
    for value in values(item, "author", "creator"):
        if isinstance(value, Item):
            name = first_text(value, "name") or text_of(value)
        else:
            name = clean(value)
        yield from split_names(name)


def split_names(text: str) -> list[str]:
    """Names in a byline, labels such as "By" and "Автор:" taken off."""
    text = _LABEL.sub("", clean(text))
    return [name for part in _SPLIT.split(text) if (name := part.strip(" .,:;|-–—•")) and len(name) < 80 and not _NOT_A_NAME.search(name)]


def _is_person(name: str) -> bool:
    words = name.split()
    return 2 <= len(words) <= 5 and sum(word[0].isupper() for word in words) >= 2 and not any(c.isdigit() for c in name)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
        if len(seen) >= MOST_AUTHORS:
            break
    return tuple(seen.values())
