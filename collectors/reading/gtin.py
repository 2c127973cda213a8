"""Global trade item numbers: GTIN-8, -12 (UPC), -13 (EAN, ISBN-13), -14. Check digit: GS1 General Specifications, 7.9."""

import re

_LENGTHS = (8, 12, 13, 14)
_ISBN10 = re.compile(r"\d{9}[\dXx]\Z")


def is_gtin(digits: str) -> bool:
    """Length and check digit are right, and it is not the same digit over and over."""
    if len(digits) not in _LENGTHS or not digits.isascii() or not digits.isdigit() or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def read_gtin(value: object) -> str | None:
    """The number without spaces, hyphens or a prefix such as "gtin13:"; ISBN-10 becomes ISBN-13; None when the check fails."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    if len(text) > 40:
        return None
    text = re.sub(r"[\s\-\u2010-\u2015]", "", text.rpartition(":")[2]).rstrip(".,;")
    if _ISBN10.match(text):
        return _from_isbn10(text)
    if text.isdigit() and len(text) < 14 and len(text) not in _LENGTHS:
        text = text.zfill(next(length for length in _LENGTHS if length > len(text))) if len(text) > 8 else text
    if len(text) > 14 and text.isdigit() and text.startswith("0"):
        text = text.lstrip("0").zfill(14)
    return text if is_gtin(text) else None


def _from_isbn10(text: str) -> str | None:
    values = [10 if char in "Xx" else int(char) for char in text]
    if sum(value * weight for value, weight in zip(values, range(10, 0, -1), strict=True)) % 11:
        return None
    body = "978" + text[:9]
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)
