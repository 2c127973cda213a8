"""Ratings as printed: "4,5/5", "8,9/10 (189)", "4.4 out of 5 stars", "92 %", and stars drawn with elements or classes."""

from __future__ import annotations

import re
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from collectors.reading.node_text import text_of

MAX_TEXT = 200

_NUMBER = r"(\d{1,3}(?:[.,]\d{1,4})?)"
_SCALES = r"(100|10|20|4|5|6)(?:[.,]0{1,2})?"
_OUT_OF = re.compile(
    rf"(?i){_NUMBER}\s*(?:/|von|из|out of|of|sur|su|de|z|av|van|на|\|)\s*(?:maximal\s+|max\.?\s+)?{_SCALES}(?![\d.,]*\d)"
)
_SCALE_AFTER = re.compile(
    rf"(?i)^\D{{0,25}}?{_SCALES}(?![\d.,]*\d)(?!\s*(?:reviews?|ratings?|votes?|отзыв|оцен|голос|bewertung|avis|opini|recensioni))"
)
_PERCENT = re.compile(rf"{_NUMBER}\s*%")
_PLAIN = re.compile(rf"(?<![\d.,]){_NUMBER}(?![\d.,]*\d)")
_STARS = re.compile(rf"(?i){_NUMBER}\s*(?:stars?\b|sterne?\b|звезд|étoiles?|estrellas?|stelle)")
_CLASS = re.compile(r"(?i)star|rate|rating")
_CLASS_NUMBER = re.compile(r"\d+[.\-_,]?\d*")
_WIDTH = re.compile(r"width:(\d{1,3})%")


class Rating(NamedTuple):
    """A mean rating and the best one possible, None where the text does not name it."""

    value: float
    best: float | None


def read_rating_of(text: str) -> Rating | None:
    """Value and scale in a text; None when there is no number that could be a rating."""
    text = " ".join(text[:MAX_TEXT].split())
    if match := _OUT_OF.search(text):
        value, best = _float(match.group(1)), float(match.group(2))
        return Rating(value, best) if value <= best else None
    if match := _STARS.search(text):
        return Rating(_float(match.group(1)), None)
    if match := _PERCENT.search(text):
        value = _float(match.group(1))
        return Rating(value, None) if value <= 100 else None
    if match := _PLAIN.search(text):
        return Rating(_float(match.group(1)), None)
    return None


def read_rating(text: str) -> float | None:
    """The value alone."""
    rating = read_rating_of(text)
    return rating.value if rating else None


def rating_of_node(node: LexborNode) -> Rating | None:
    """The rating an element shows: in its text, in its labels (title, alt, aria-label), else drawn as stars (of 5)."""
    text = text_of(node)
    if any(char.isdigit() for char in text):
        rating = read_rating_of(text)
        if rating is not None:
            return rating if rating.best is not None else Rating(rating.value, _scale_beside(node, rating.value))
    for part in (node, *node.css("[title], [alt], [aria-label]")[:20]):
        attributes = part.attributes
        for name in ("title", "alt", "aria-label"):
            label = attributes.get(name)
            if label and any(char.isdigit() for char in label) and (rating := read_rating_of(label)) is not None:
                return rating
    return _drawn(node)


def _scale_beside(node: LexborNode, value: float) -> float | None:
    """The scale named beside the element: "/ 5" or "out of 5" behind it; five where the same number is one of stars before it."""
    previous = node.prev
    while previous is not None and previous.is_text_node:
        previous = previous.prev
    if previous is not None and value <= 5:
        match = _STARS.match(text_of(previous)[:60])
        if match and _float(match.group(1)) == value:
            return 5.0
    return _scale_after(node, value)


def _scale_after(node: LexborNode, value: float) -> float | None:
    following = node.next
    for _ in range(2):  # the text behind it, the element behind that
        if following is None:
            return None
        text = (following.text_content or "") if following.is_text_node else text_of(following)
        if any(char.isdigit() for char in text):
            match = _SCALE_AFTER.match(text.strip()[:60])
            best = float(match.group(1)) if match else None
            return best if best is not None and best >= value else None
        following = following.next
    return None


def _drawn(node: LexborNode) -> Rating | None:
    found: set[float] = set()
    for part in (node, *node.css("[class], [style]")[:40]):
        attributes = part.attributes
        for name in (attributes.get("class") or "").lower().split():
            if _CLASS.search(name) and len(numbers := _CLASS_NUMBER.findall(name)) == 1:
                value = _float(re.sub(r"[-_]", ".", numbers[0]))
                value = value / 10 if value in (20, 30, 40, 50, 15, 25, 35, 45) else value
                if 1 <= value <= 5:
                    found.add(value)
        if match := _WIDTH.search((attributes.get("style") or "").replace(" ", "").lower()):
            share = int(match.group(1))
            if 0 < share <= 100:
                found.add(share / 20)
    if len(found) == 2 and 5.0 in found:
        found.discard(5.0)
    return Rating(found.pop(), 5.0) if len(found) == 1 else None


def _float(text: str) -> float:
    return float(text.replace(",", ".").rstrip("."))
