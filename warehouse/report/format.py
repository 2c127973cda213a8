"""Values as people read them."""

from __future__ import annotations

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


def signed_share(value: float | None) -> str:
    """A change as per cent, with its sign."""
    return UNKNOWN if value is None else f"{100 * value:+.1f}{NARROW}%".replace("-", "−")


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


def cut(text: str | None, length: int = 160) -> str:
    """The beginning of a text in one line, without characters that are not seen."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
    return shown if len(shown) <= length else shown[: length - 1].rstrip() + "…"
