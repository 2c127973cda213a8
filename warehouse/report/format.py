"""Values as people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

NARROW = "\u202f"  # narrow no-break space
UNKNOWN = "–"
_SIGNS = {"RUB": "₽", "GBP": "£", "USD": "$", "EUR": "€", "UAH": "₴", "KZT": "₸", "BYN": "Br"}
_AFTER = {"RUB", "UAH", "KZT", "BYN", "EUR"}


def number(language: str) -> Callable[[float | int | Decimal | None], str]:
    """Digits in groups of three: 12 345,5 in Russian, 12,345.5 in English; a dash for what is unknown."""

    def said(value: float | int | Decimal | None) -> str:
        if value is None:
            return UNKNOWN
        text = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        return text.replace(",", NARROW).replace(".", ",") if language == "ru" else text

    return said


def money(language: str) -> Callable[[float | Decimal | None, str | None], str]:
    """An amount with its currency; the currency's code where it has no sign."""
    digits = number(language)

    def said(value: float | Decimal | None, currency: str | None) -> str:
        if value is None:
            return UNKNOWN
        sign = _SIGNS.get(currency or "", currency or "")
        text = digits(value)
        return f"{text}\u00a0{sign}".rstrip("\u00a0") if currency in _AFTER or len(sign) > 1 else f"{sign}{text}"

    return said


def share(value: float | None) -> str:
    """A fraction as per cent."""
    return UNKNOWN if value is None else f"{100 * value:.0f}{NARROW}%"


def signed_share(language: str) -> Callable[[float | None], str]:
    """A change as per cent, with its sign; of no change, none."""

    def said(value: float | None) -> str:
        if value is None:
            return UNKNOWN
        text = f"{100 * value:+.1f}" if round(1000 * value) else "0"
        return f"{text.replace('.', ',') if language == 'ru' else text}{NARROW}%".replace("-", "−")

    return said


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """A time in the zone of the project."""
    if value is None:
        return UNKNOWN
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return aware.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def web_address(url: str | None) -> str:
    """The URL where it may be linked to: http and https only; empty otherwise."""
    if not url:
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def address(url: str | None) -> str:
    """An address as people read it: without its scheme."""
    return re.sub(r"^https?://(www\.)?", "", url or "").rstrip("/")


def differences(old: str | None, new: str | None) -> tuple[str, str]:
    """What differs between two values: of two JSON texts only the properties that do, as `name: value`; of others the texts."""
    before, after = _properties(old), _properties(new)
    if before is None or after is None:
        return old or "", new or ""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return tuple(", ".join(f"{name}: {side[name]}" for name in names if name in side) for side in (before, after))  # type: ignore[return-value]


def _properties(text: str | None) -> dict[str, str] | None:
    """The leaves of a JSON text by the last two names on their way there; None for what is no JSON object or list."""
    if not text or text[0] not in "[{":
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found: dict[str, str] = {}
    pending: list[tuple[tuple[str, ...], str, object]] = [((), "", value)]
    while pending:
        names, place, item = pending.pop()
        if isinstance(item, dict):
            pending.extend(
                ((*names, str(k)) if k not in _WRAPPERS else names, place, v) for k, v in item.items() if k not in _MARKS
            )
        elif isinstance(item, list):
            pending.extend((names, f"{place}.{number}" if len(item) > 1 else place, v) for number, v in enumerate(item))
        else:
            found[".".join(names[-2:]) + place] = "" if item is None else _VOCABULARY.sub("", str(item))
    return dict(sorted(found.items()))


_WRAPPERS = ("properties",)  # keys that say nothing of their own in a structured item
_MARKS = ("origin", "type")
_VOCABULARY = re.compile(r"^https?://schema\.org/")


def cut(text: str | None, length: int = 160) -> str:
    """The beginning of a text in one line, without characters that are not seen."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
    return shown if len(shown) <= length else shown[: length - 1].rstrip() + "…"
