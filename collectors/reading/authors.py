"""Who wrote a page: structured data, meta tags, then the byline that the page shows.

A person goes before an organisation: many templates name the site itself as author in their structured data, while the byline
says who wrote. The site stands as author only where nobody else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from collectors.reading.document import Document, Element
from collectors.reading.head import Head, clean, first_text, short_text, text_of, values
from collectors.reading.model import Item

MOST_AUTHORS = 30
_LONGEST_BYLINE = 160
_METAS = (
    "parsely-author", "sailthru.author", "citation_author", "dc.creator", "dcterms.creator", "article:author", "author", "byl",
    "mediator_author", "og:article:author", "book:author", "article.author", "twitter:data1",
)  # fmt: skip
_WRITTEN_BY = re.compile(r"written|author|автор|verfasst|geschrieben|écrit|escrito|scritto|yazar|autor|door", re.IGNORECASE)
_SPLIT = re.compile(
    r"\s*(?:,(?!\s*(?:Jr|Sr|Ph\.?D|MD|M\.D)\b)|;|\||•|·|\n|\s/\s|\s+(?:and|und|et|y|и|та|і|e|en|och|og|ve|&|with|mit)\s+)\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*(?:(?:written|posted|published|reported|story|reviewed|text|words|article|exclusive|analysis)\s+by|"
    r"(?:(?:ein\s+)?(?:artikel|beitrag|text)|eingestellt|veröffentlicht|geschrieben|verfasst|gepostet|alles)\s+von|"
    r"(?:publié|écrit)\s+par|(?:escrito|publicado)\s+por|by|von|vom|par|por|di|door|af|av|"
    r"od|(?:co-)?(?:autor(?:in|en|es|a)?(?:/autor)?|auteurs?|authors?)|автор(?:ы|ка|и)?|текст|投稿者|文|記者)\b\s*[:：●]?\s*(?=\S)",
    re.IGNORECASE,
)
_MONTHS = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]{0,6}\.?"
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
_JOBS = (
    r"(?:senior|staff|chief|head|lead|managing|executive|contributing|marketing|content|news|product|guest|freelance)?\s*"
    r"\b(?:editors?|reporter|writer|manager|director|contributor|correspondent|producer|columnist|founder|redakteur(?:in)?)"
)
# What stands behind a name in one line with it: the name in another script, a handle, a day, a job. All begin with one of a few
# characters, which is asked first.
_TAIL = re.compile(
    rf"(?=[\s기記(\[])(?:\s*(?:기자|記者|\(.*|\[.*|\s@\w+)$|\s+(?:(?:on|am|le)\s+)?{_MONTHS}\s+\d{{1,2}}\b.*$|(?<!\son)\s+(?:am\s+)?(?:{_DAYS})\b.*$|"
    r"\s+(?:alle artikel|sagt|says|all posts)$)",
    re.IGNORECASE,
)
_JOB = re.compile(rf"^(\S+\s+\S+)\s+{_JOBS}\b.*$", re.IGNORECASE)
_JOB_ALONE = re.compile(rf"^(?:senior|staff|chief|lead|managing|executive|contributing|deputy)\s|^\w+\s{_JOBS}$", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\d{3}|[=<>{}:*]|^(?:admin|administrator|редакция|root|user|author|none|null|undefined|n/a|by|posted)$"
    r"|\b(?:getty|images?|foto|photo|follow|twitter|comments?|share|published|updated|reuters/|editor's|posted (?:on|in)|"
    r"about the)\b"
    rf"|^{_MONTHS}\s+\d{{1,2}}\b|^(?:{_DAYS})\b",
    re.IGNORECASE,
)
_AUTHOR_PATHS = ("/author", "/autor", "/people/", "/profile/")
_LINKED = re.compile("|".join(_AUTHOR_PATHS))
_NAMES = ("byline", "author", "autor", "auteur", "posted-by", "writer")  # in the class of what shows an author
_MOST_BYLINES = 40
# a line of its own: "By Ann Smith", "Автор: Иван Петров"
_LINE = re.compile(
    r"(?:By|BY|Von|Par|Por|Di|Door|"
    r"(?:Автор(?: статьи| материала| текста)?|Текст|Autor(?:in)?(?:/Autor)?|Auteure?|Author)\s?:?)\s*"
    r"((?:[A-ZÀ-ÖØ-ÞА-ЯЁ][\w.’'\-]*)(?: (?:(?:de|van|von|der|la|di) )?[A-ZÀ-ÖØ-ÞА-ЯЁ][\w.’'\-]*){1,3})[ ,|]*\Z"
)
_LINE_STARTS = frozenset(("By", "BY", "Vo", "Pa", "Po", "Di", "Do", "Ав", "Те", "Au"))  # asked first
_LINE_INITIALS = frozenset(start[0] for start in _LINE_STARTS)
_LONGEST_LINE = 120
_LONGEST_PEN_NAME = 30


def read_authors(document: Document, head: Head, own: Sequence[Item], names: Sequence[str], host: str) -> tuple[str, ...]:
    """Names in the order given; `names` are the site's own."""
    sites = {_key(name) for name in (*names, host, host.removeprefix("www."))} - {""}
    organisations: tuple[str, ...] = ()
    for found in filter(None, _claims(document, head, own)):
        unique = _unique(found)
        people = tuple(name for name in unique if not _is_site(name, sites))
        if people:
            return people
        organisations = organisations or unique
    return organisations


def _claims(document: Document, head: Head, own: Sequence[Item]) -> Iterator[Sequence[str]]:
    """Lists of names, the most reliable source first."""
    for item in own:
        yield _names_of(item)
    for key in (*_METAS, *[key for key in head.metas if key.endswith((":author", "-author")) and key not in _METAS]):
        if key in head.metas and (key != "twitter:data1" or _WRITTEN_BY.search(head.first("twitter:label1") or "")):
            yield [name for value in head.all(key) for name in split_names(value)]
    yield _byline(_linked(document))
    yield _byline(_named(document))
    for text in [text for text in document.blocks.texts if text[0] in _LINE_INITIALS]:
        if text[:2] in _LINE_STARTS and len(text) <= _LONGEST_LINE and (match := _LINE.match(text)):
            yield [match[1]]
            return
    yield _pen_name(document)


def _pen_name(document: Document) -> list[str]:
    """What the first link to an author says, though it does not look like the name of a person."""
    for node, tag, attributes in document.valued("rel", "author"):
        if tag == "a" and "author" in (attributes["rel"] or "").split():
            names = split_names(short_text(node, _LONGEST_PEN_NAME))
            return names if len(names) == 1 else []
    return []


def _linked(document: Document) -> Sequence[Element]:
    """Elements that markup or the address they lead to calls an author."""
    links = [
        element
        for element in document.in_order(document.valued("href", *_AUTHOR_PATHS), document.valued("rel", "author"))
        if element[1] == "a"
        and (_LINKED.search(element[2].get("href") or "") is not None or "author" in (element[2].get("rel") or ""))
    ]
    marked = [element for element in document.valued("itemprop", "author") if "author" in (element[2]["itemprop"] or "").split()]
    return document.in_order(links, marked)[:_MOST_BYLINES]


def _named(document: Document) -> Sequence[Element]:
    """Elements whose names say that they hold a byline."""
    found = document.in_order(document.called(*_NAMES), document.identified("byline"), document.valued("data-testid", "byline"))
    return [element for element in found if "comment" not in (element[2].get("class") or "").lower()][:_MOST_BYLINES]


def _byline(elements: Sequence[Element]) -> list[str]:
    """The names of the first byline; those beside it under one parent belong to it."""
    names: list[str] = []
    parent = None
    for node, _, _ in elements:
        if names and (node.parent is None or parent is None or node.parent.mem_id != parent.mem_id):
            break
        text = short_text(node, _LONGEST_BYLINE)
        found = [name for name in split_names(text) if _is_person(name)]
        if found:
            names.extend(found)
            parent = node.parent
    return names


def _names_of(item: Item) -> list[str]:
    return [
        name
        for value in values(item, "author", "creator")
        for name in split_names((first_text(value, "name") or text_of(value)) if isinstance(value, Item) else clean(value))
    ]


def split_names(text: str) -> list[str]:
    """Names in a byline, labels such as "By" and "Автор:" taken off."""
    text = clean(text)[:2_000]
    if text.startswith(("http://", "https://", "/", "@")):
        return []
    text = _LABEL.sub("", text)
    found = []
    for part in _SPLIT.split(text):
        name = _TAIL.sub("", part)
        if job := _JOB.match(name):
            name = job[1]
        name = _once(name).strip(' .,:;|-–—•"“”')
        if name and len(name) < 80 and not _NOT_A_NAME.search(name):
            found.append(name)
    return found


def _once(name: str) -> str:
    """A name that is written twice in a row: beside its picture and in words."""
    words = name.split()
    half = len(words) // 2
    return " ".join(words[:half]) if half and words[:half] == words[half:] else name


def _is_person(name: str) -> bool:
    words = name.split()
    if _JOB_ALONE.search(name):
        return False
    return 2 <= len(words) <= 4 and all(word[0].isupper() or len(word) <= 3 for word in words) and words[0][0].isupper()


def _is_site(name: str, sites: set[str]) -> bool:
    key = _key(name)
    return not key or any(key == site or (len(site) > 3 and (key.startswith(site) or site.startswith(key))) for site in sites)


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
        if len(seen) >= MOST_AUTHORS:
            break
    return tuple(seen.values())
