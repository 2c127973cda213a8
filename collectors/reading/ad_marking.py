"""Russian ad marking: the token (erid), the word "Реклама", and who pays, found in a text and in its links.

Only "marked" is claimed, never "registered": a token has no check. Rules: orders 191 and 221 of Roskomnadzor (2022) as practised;
control digits of the taxpayer number (INN) as the tax service publishes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import unquote

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from collectors.reading.model import AdMarking

MAX_TEXT = 2_000_000
MAX_URLS = 20_000
MAX_EVIDENCE = 50

# Patterns are made when asked: few texts have any mark at all.
_ERID_OF_URL = r"(?i)[?&#;]erid=([A-Za-z0-9_\-]{6,64})(?=[&#;]|$)"
_ERID_OF_TEXT = (
    r"(?i)(?<![A-Za-zА-Яа-яЁё0-9_?&])[eе][rр][iі]d\s*[:=\-–—№]?\s*([A-Za-z0-9АВЕКМНОРСТХаеорсху_\-]{6,64})|"
    r"(?<![А-Яа-яЁё])ерид\s*[:=\-–—№]?\s*([A-Za-z0-9АВЕКМНОРСТХаеорсху_\-]{6,64})"
)
_BASE58 = r"[1-9A-HJ-NP-Za-km-z]+"
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХаеорсху", "ABEKMHOPCTXaeopcxy")
_WORD = r"(?i)(?:^|[\s\[({«\"#.,!|])((?:на\s+правах\s+)?реклам[аы])(?=$|[\s\])}».,!?:;|])"
_LABEL_LINE = r"(?im)(?:^|[.!?]\s+)\s*(?:на правах рекламы|реклама|промо)(?=\s*(?:[.,:|]|$))"
_FORM = r"(?:ООО|ПАО|ОАО|ЗАО|АО|ИП|НКО|АНО|ФГУП|ГУП|МУП|Общество с ограниченной ответственностью|Индивидуальный предприниматель)"
_PAYER = rf"(?:(?i:рекламодатель|реклама)[.:,\s]*)\s*({_FORM})\s*(?:[«\"“]([^»\"”\n]{{2,80}})[»\"”]|([^,.;«»\"\n(]{{2,80}}))"
_INN = r"(?i)\bИНН\s*[:№]?\s*(\d{12}|\d{10})(?!\d)"
_NEAR_INN = (
    rf"({_FORM})\s*(?:[«\"“]([^»\"”\n]{{2,80}})[»\"”]|"
    rf"([^,.;«»\"\n(]{{2,80}}))[\s,.;(]*(?:(?:ОГРН(?:ИП)?)\s*:?\s*\d{{13,15}}[\s,.;]*)?$"
)
_MARKS = r"(?i)реклам[аыо]|ерид|[eе][rр][iі]d"
_SOFT = (
    r"(?i)#реклама\b|#ad\b|#sponsored\b|партн[её]рский материал|спонсор выпуска|на правах партн[её]ра|sponsored post|paid "
    r"partnership"
)
_NAMES = ("ерид", *(f"{e}{r}{i}d" for e in "eе" for r in "rр" for i in "iі"))  # Latin, Cyrillic and mixed
_SOFT_NAMES = (
    "#реклама",
    "#ad",
    "#sponsored",
    "рский материал",
    "спонсор выпуска",
    "на правах партн",
    "sponsored post",
    "paid partnership",
)
# One of these is in every mark of a text: asked first, since most texts have none.
_HINTS = (
    *("erid", "Erid", "ERID", "#ad", "#Ad", "#AD", "ponsored", "PONSORED", "artnership", "ARTNERSHIP"),
    *(
        spelt(name)
        for name in ("реклам", "понсор", "рский материал", "правах партн", *_NAMES)
        for spelt in (str.lower, str.capitalize, str.upper)
    ),
)
_WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_PAYER_REACH = 200  # characters between the word and the number that names the payer


def read_ad_marking(text: str, urls: Iterable[str] = ()) -> AdMarking | None:
    """What marks a text or its links as an advertisement; None when nothing does.

    `is_ad` is True from a confidence of 0.6 on: a token 1.0, the word with a payer 0.95, a label line alone 0.7, a hashtag or
    "partner material" 0.6. The word inside prose is kept as evidence of 0.3 and proves nothing.
    """
    text = text[:MAX_TEXT]
    evidence: list[dict[str, Any]] = []
    _tokens_of_urls(urls, evidence)
    if not evidence and not _found(_HINTS, text):
        return None
    lower = text.lower()
    has_word = "реклам" in lower
    if _found(_NAMES, lower):
        _tokens_of_text(text, evidence)
    name = inn = None
    if has_word or evidence:
        name, inn = _payer(text, evidence)
    if has_word:
        _words(text, evidence, has_payer=bool(inn or name))
    if _found(_SOFT_NAMES, lower):
        evidence += [_evidence("label_only", mark, "text", 0.6) for mark in re.findall(_SOFT, text)[:MAX_EVIDENCE]]
    marks = [part for part in evidence if part["kind"] not in ("inn", "payer")]
    if not marks:
        return None
    evidence.sort(key=lambda part: -part["confidence"])
    token = next((part["value"] for part in evidence if part["kind"] == "token"), None)
    return AdMarking(
        erid=token,
        payer_name=name,
        payer_inn=inn,
        is_ad=max(part["confidence"] for part in marks) >= 0.6,
        evidence=tuple(evidence[:MAX_EVIDENCE]),
    )


def _found(words: tuple[str, ...], text: str) -> bool:
    """Whether one of these words stands in a text: one pass for all of them."""
    return bool(_search(words).find_matches_as_indexes(text.encode("utf-8", "surrogatepass")))


@cache
def _search(words: tuple[str, ...]) -> BytesAhoCorasick:
    return BytesAhoCorasick([word.encode() for word in dict.fromkeys(words)], matchkind=MatchKind.LeftmostLongest)


def is_inn(digits: str) -> bool:
    """Whether the control digits of a taxpayer number of 10 (company) or 12 digits (person) are right."""
    if not digits.isascii() or not digits.isdigit() or len(set(digits)) == 1:
        return False
    if len(digits) == 10:
        return _control(digits, _WEIGHTS_10) == int(digits[9])
    return (
        len(digits) == 12
        and _control(digits, _WEIGHTS_11) == int(digits[10])
        and _control(digits, _WEIGHTS_12) == int(digits[11])
    )


def _control(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10


def _evidence(kind: str, value: str, where: str, confidence: float, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "value": value, "where": where, "confidence": confidence, **more}


def _tokens_of_urls(urls: Iterable[str], evidence: list[dict[str, Any]]) -> None:
    known = list(islice(urls, MAX_URLS))
    if "erid" not in "\n".join(known).lower():
        return
    seen: set[str] = set()
    for url in known:
        if len(evidence) >= MAX_EVIDENCE:
            return
        if "erid" not in url.lower():
            continue
        for spelling in dict.fromkeys((url, unescape(unescape(url)), unquote(url))):
            for token in re.findall(_ERID_OF_URL, spelling):
                if token not in seen and _is_token(token):
                    seen.add(token)
                    evidence.append(_token(token, "url"))


def _tokens_of_text(text: str, evidence: list[dict[str, Any]]) -> None:
    seen = {part["value"] for part in evidence}
    for match in list(re.finditer(_ERID_OF_TEXT, text))[:MAX_EVIDENCE]:
        raw = (match.group(1) or match.group(2)).rstrip("-_")
        token = raw.translate(_LOOK_ALIKES)
        if _is_token(token) and token not in seen:
            seen.add(token)
            evidence.append(_token(token, "text", is_suspect=token != raw))
    for token in re.findall(_ERID_OF_URL, unescape(text)) if "erid=" in text.lower() else ():
        if token not in seen and _is_token(token):
            seen.add(token)
            evidence.append(_token(token, "text"))


def _token(token: str, where: str, is_suspect: bool = False) -> dict[str, Any]:
    """Letters and digits outside base58 are read too, a little less surely."""
    more = {"is_suspect": True} if is_suspect else {}
    return _evidence("token", token, where, 1.0 if re.fullmatch(_BASE58, token) else 0.9, **more)


def _is_token(token: str) -> bool:
    return len(token) >= 6 and any(char.isdigit() for char in token) and any(char.isalpha() for char in token)


def _payer(text: str, evidence: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Name and taxpayer number of who pays, when they stand near a mark; the number only with right control digits."""
    near = _near_marks(text)
    for part in near:
        for match in list(re.finditer(_INN, part))[:MAX_EVIDENCE]:
            digits = match.group(1)
            if not is_inn(digits):
                evidence.append(_evidence("inn", digits, "text", 0.2, is_valid=False))
                continue
            evidence.append(_evidence("inn", digits, "text", 0.95))
            before = re.search(_NEAR_INN, part[max(0, match.start() - 160) : match.start()])
            named = before or re.search(_PAYER, part)
            return (_clean_name(named), digits)
    for part in near:
        if named := re.search(_PAYER, part):
            name = _clean_name(named)
            evidence.append(_evidence("payer", name or "", "text", 0.9))
            return name, None
    return None, None


def _near_marks(text: str) -> list[str]:
    """The parts of a text around its marks, so that the footer's own tax number names no payer."""
    return [
        text[max(0, match.start() - (_PAYER_REACH if match.group()[0] in "eEеЕ" else 0)) : match.end() + _PAYER_REACH]
        for match in islice(re.finditer(_MARKS, text), MAX_EVIDENCE)
    ]


def _clean_name(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    form, quoted, plain = match.groups()
    return f"{form} «{quoted.strip()}»" if quoted else f"{form} {' '.join(plain.split())}".strip()


def _words(text: str, evidence: list[dict[str, Any]], *, has_payer: bool) -> None:
    if match := re.search(_LABEL_LINE, text):
        evidence.append(_evidence("label", match.group().strip(" .!?\n"), "text", 0.95 if has_payer else 0.7))
    elif match := re.search(_WORD, text):
        confidence = 0.95 if has_payer else 0.6 if match.group(1).lower().startswith("на") else 0.3
        evidence.append(_evidence("word", match.group(1), "text", confidence))
