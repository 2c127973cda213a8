"""Price strings and compact counters of pages to numbers.

Amounts are found by price-parser; around it stand the rules it does not have: ranges, "from", old and new price in one string,
instalments, digits of other scripts, currencies as ISO 4217 codes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from price_parser import Price as ParsedPrice

MAX_TEXT = 300  # characters that are looked at: a price string is short
MAX_AMOUNT = Decimal(10) ** 15  # beyond it a number is an id, not a price

_SIGNS = {
    "₽": "RUB", "р": "RUB", "р.": "RUB", "Р": "RUB", "руб": "RUB", "руб.": "RUB", "RUR": "RUB", "€": "EUR", "euro": "EUR",
    "eur": "EUR",
    "EURO": "EUR", "Euro": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD",
    "HK$": "HKD", "NZ$": "NZD", "NT$": "TWD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "AR$": "ARS", "CL$": "CLP", "CO$": "COP",
    "zł": "PLN", "Zł": "PLN", "zl": "PLN", "Kč": "CZK", "Kc": "CZK", "Ft": "HUF", "lei": "RON", "Lei": "RON", "¥": "JPY",
    "￥": "JPY",
    "円": "JPY", "CN¥": "CNY", "元": "CNY", "₴": "UAH", "грн": "UAH", "грн.": "UAH", "₸": "KZT", "тг": "KZT", "тңг": "KZT",
    "тңг.": "KZT",
    "₹": "INR", "₨": "INR", "Rs": "INR", "Rs.": "INR", "₺": "TRY", "TL": "TRY", "₩": "KRW", "원": "KRW", "₪": "ILS", "฿": "THB",
    "₫": "VND",
    "đ": "VND", "₱": "PHP", "₦": "NGN", "Rp": "IDR", "RM": "MYR", "kn": "HRK", "Kn": "HRK", "лв": "BGN", "лв.": "BGN",
    "дин": "RSD",
    "дин.": "RSD", "динар": "RSD", "Dinara": "RSD", "Br": "BYN", "BYR": "BYN", "₼": "AZN", "ман.": "AZN", "₾": "GEL",
    "֏": "AMD", "դր": "AMD",
    "դր.": "AMD", "Fr.": "CHF", "Fr": "CHF", "SFr.": "CHF", "сом": "KGS", "сўм": "UZS",
}  # fmt: skip
_KRONA = {"sv": "SEK", "da": "DKK", "nb": "NOK", "nn": "NOK", "no": "NOK", "is": "ISK"}
_DOLLARS = {"en-au": "AUD", "en-ca": "CAD", "fr-ca": "CAD", "en-nz": "NZD", "en-sg": "SGD", "zh-hk": "HKD", "zh-tw": "TWD",
            "es-mx": "MXN",
            "es-ar": "ARS", "es-cl": "CLP", "es-co": "COP"}  # fmt: skip

_CODE = re.compile(r"[A-Z]{3}\Z")
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000]+")
_OTHER_DIGITS = {
    ord(digit): str(value)
    for start in (0x0660, 0x06F0, 0x0966, 0xFF10)
    for value, digit in enumerate(map(chr, range(start, start + 10)))
}
_OTHER_DIGITS |= {0x066B: ".", 0x066C: ",", 0xFF0C: ",", 0xFF0E: "."}
_NUMBER = r"\d[\d ]*(?:[.,']\d[\d ]*)*"
_RANGE = re.compile(rf"({_NUMBER})\s*(\D{{0,6}}?)\s*(?:-|–|—|~|\bдо\b|\bto\b|\bbis\b)\s*(\D{{0,4}}?)({_NUMBER})")
_RANGE_SIGNS = ("-", "–", "—", "~", "до", "to", "bis")  # one is in all that the pattern finds, which takes long
_FROM = re.compile(
    r"(?i)(?:^|[\s(])(?:от|from|ab|starting at|starting from|desde|dès|à partir de|vanaf|od|від|бастап)\s+(?=\D{0,5}\d)|원~"
)
_OLD = re.compile(
    r"(?i)\b(?:старая цена|было|без скидки|старая|was|old price|regular price|list price|instead of|вместо|statt|uvp|rrp|msrp|"
    r"früher|avant|au lieu de|antes|previous price)\b[:\s]*"
)
_NEW = re.compile(
    r"(?i)\b(?:новая цена|теперь|стало|сейчас|со скидкой|now|sale price|special price|our price|jetzt|maintenant|ahora|цена "
    r"сегодня|current price)\b[:\s]*"
)
_MONTHLY = re.compile(
    rf"(?i)(?:\d+\s*[x×х]\s*)?{_NUMBER}\s*[^\d\s]{{0,5}}\s*"
    r"(?:/\s*(?:мес|mo\b|month|monat|mois|mes\b)|в\s+мес|per month|a month|"
    r"monthly|im monat|x\s*\d+\s*мес|[×х]\s*\d+)[а-яa-z.]*"
)  # fmt: skip
_MONTHLY_SIGNS = ("/", "мес", "month", "monat", "×", "х")  # the same
_PARTS = re.compile(r"\d+\s*[x×х]\s*(?=\d)")  # "12 × 499": the number of parts
# Without words and with one reading only: "$12.99", "1 290 ₽", "1,299.00", "12,99 €".
_PLAIN = re.compile(r"([$€£₽])?\s?(\d{1,3}(?:,\d{3})+(?=\.)|\d{1,3}(?: \d{3})+|\d{1,9})(?:[.,](\d\d))?\s?([$€£₽])?\Z")
_FREE = re.compile(r"(?i)^\s*(?:бесплатно|даром|free|gratis|kostenlos|gratuit|безкоштовно)\b")
_NOTHING = re.compile(r"(?i)по запросу|звоните|уточняйте|on request|call for|auf anfrage|sur demande|договорн")
_EXPONENT = re.compile(r"\d[eE][+-]?\d")
_NEGATIVE = re.compile(r"\s*[-\u2212]\s?\d")
_COUNT = re.compile(
    r"(\d[\d\s.,']*)\s*(тыс|млн|млрд|миллион|миллиард|thousand|million|billion|k|m|b|к|м|mln|mio|tsd)?(?![a-zа-я]{4})",
    re.IGNORECASE,
)
_SCALE = {
    "тыс": 3, "k": 3, "к": 3, "thousand": 3, "tsd": 3, "млн": 6, "m": 6, "м": 6, "миллион": 6, "million": 6, "mln": 6, "mio": 6,
    "млрд": 9, "b": 9, "миллиард": 9, "billion": 9,
}  # fmt: skip


class Price(NamedTuple):
    """What a price string says. `amount` is the price to pay now; None where the string names none."""

    amount: Decimal | None
    currency: str | None  # ISO 4217
    text: str  # as printed, white space collapsed
    high_amount: Decimal | None = None  # upper end of a range
    old_amount: Decimal | None = None  # the price before, where the string names both
    is_from: bool = False  # "from 990": the least price
    is_monthly: bool = False  # the only amount is an instalment or a fee per month
    is_ambiguous: bool = False  # one separator with three digits after it: read as thousands, could be a fraction


class Count(NamedTuple):
    """A public counter and how exact it is: 1.2K is 1200 with a granularity of 100."""

    value: int
    granularity: int


def read_price(
    text: str, currency_hint: str | None = None, lang: str | None = None, decimal_separator: str | None = None
) -> Price:
    """The price in `text`.

    `currency_hint` is a sign or code from elsewhere on the page; `lang` decides between currencies of one sign.
    """
    return _read_price(text[:MAX_TEXT], currency_hint, lang, decimal_separator)


@lru_cache(maxsize=2048)  # a listing repeats its prices, every page of a shop those of its delivery and its cart
def _read_price(text: str, currency_hint: str | None, lang: str | None, decimal_separator: str | None) -> Price:
    printed = _SPACES.sub(" ", text).strip()
    if decimal_separator is None and currency_hint is None and (plain := _PLAIN.match(printed)):
        before, whole, hundredths, after = plain.groups()
        if not (before and after):
            digits = whole.replace(",", "").replace(" ", "")
            amount_now = Decimal(f"{digits}.{hundredths}" if hundredths else digits)
            return Price(amount_now, currency_code(before or after, lang), printed)
    clean = (printed if printed.isascii() else printed.translate(_OTHER_DIGITS)).replace(" %", "%")
    clean = clean.replace("RUR", "RUB").replace("BYR", "BYN")
    if not any(char.isdigit() for char in clean):
        if _NOTHING.search(clean):
            return Price(None, currency_code(currency_hint, lang), printed)
        currency = currency_code(_parsed(clean or None, currency_hint).currency, lang)
        free = bool(_FREE.match(clean)) or "free" in clean.lower()
        return Price(Decimal(0) if free else None, currency, printed)
    if _EXPONENT.search(clean):
        return Price(None, currency_code(currency_hint, lang), printed)
    old: Decimal | None = None
    is_monthly = False
    if any(map(clean.lower().__contains__, _MONTHLY_SIGNS)) and _MONTHLY.search(clean):
        without = _MONTHLY.sub(" ", clean)
        if any(char.isdigit() for char in without):
            clean = without
        else:
            is_monthly = True
            clean = _PARTS.sub("", clean)
    if mark := _OLD.search(clean):
        after = clean[mark.end() :]
        number = _parsed(after, currency_hint, decimal_separator)
        rest = (
            clean[: mark.start()]
            + " "
            + (after.split(number.amount_text, 1)[1] if number.amount_text and number.amount_text in after else "")
        )
        if number.amount is not None and any(char.isdigit() for char in rest):
            old, clean = number.amount, rest
    if mark := _NEW.search(clean):
        if old is None:
            before = _parsed(clean[: mark.start()], currency_hint, decimal_separator).amount
            old = before
        clean = clean[mark.end() :] if any(char.isdigit() for char in clean[mark.end() :]) else clean
    parsed = _parsed(clean, currency_hint, decimal_separator)
    amount = None if _NEGATIVE.match(clean) else _bounded(parsed.amount)
    if amount == 0 and old:
        amount, old = old, None  # "was 124.95, now 0.00": the new price was never filled in
    high = _upper_end(clean, amount, currency_hint, decimal_separator)
    if old is not None and (amount is None or old <= amount):
        old = None
    digits = parsed.amount_text or ""
    return Price(
        amount,
        currency_code(parsed.currency, lang) or currency_code(currency_hint, lang),
        printed,
        high_amount=high,
        old_amount=_bounded(old),
        is_from=bool(_FROM.search(clean)),
        is_monthly=is_monthly,
        is_ambiguous=decimal_separator is None and bool(re.fullmatch(r"\d{1,3}[.,]\d{3}", digits)),
    )


def _parsed(text: str | None, currency_hint: str | None = None, decimal_separator: str | None = None) -> ParsedPrice:
    from price_parser import Price as ParsedPrice  # here: a process that only collects need not load it

    return ParsedPrice.fromstring(text, currency_hint, decimal_separator)


def _bounded(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and amount < MAX_AMOUNT else None


def _upper_end(text: str, amount: Decimal | None, hint: str | None, separator: str | None) -> Decimal | None:
    if amount is None or not any(map(text.__contains__, _RANGE_SIGNS)) or (match := _RANGE.search(text)) is None:
        return None
    low = _parsed(match.group(1), hint, separator).amount
    high = _bounded(_parsed(match.group(4), hint, separator).amount)
    return high if low == amount and high is not None and high > low else None


def currency_code(sign: str | None, lang: str | None = None) -> str | None:
    """The ISO 4217 code of a sign, name or code; None for no currency. `$` is USD unless `lang` names another country."""
    if not sign:
        return None
    sign = sign.strip()
    if _CODE.match(sign):
        return _SIGNS.get(sign, sign)
    if len(sign) == 3 and sign.isascii() and sign.isalpha() and sign.lower() not in ("руб", "грн", "lei"):
        return _SIGNS.get(sign) or sign.upper()
    language = (lang or "").lower()
    if sign.lower().rstrip(".") == "kr":
        return _KRONA.get(language[:2])
    if sign == "$" and language in _DOLLARS:
        return _DOLLARS[language]
    if sign in ("¥", "￥") and language.startswith("zh"):
        return "CNY"
    return _SIGNS.get(sign) or _SIGNS.get(sign.lower())


def read_amount(value: object) -> Decimal | None:
    """A price given as data: a number, a plain decimal, or a price string. Unfilled templates and what is no number give None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float, Decimal)):
        amount = Decimal(str(value))
        return amount if amount.is_finite() and 0 <= amount < MAX_AMOUNT else None
    text = str(value).strip()
    if not text or "{" in text:
        return None
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?", text):
        return _bounded(Decimal(text))
    if text.startswith("-"):
        return None
    return read_price(text).amount


def read_count(text: str) -> Count | None:
    """A counter as printed: "1,2 тыс." is Count(1200, 100), "12k" Count(12000, 1000); None without a number."""
    match = _COUNT.search(_SPACES.sub(" ", text[:MAX_TEXT]).translate(_OTHER_DIGITS))
    if match is None:
        return None
    digits, unit = match.group(1).strip(" .,'"), (match.group(2) or "").lower()
    power = _SCALE.get(unit, 0)
    whole, fraction = digits, ""
    if power and (cut := re.fullmatch(r"([\d\s']*\d)[.,](\d{1,2})", digits)):
        whole, fraction = cut.group(1), cut.group(2)
    elif not power and (cut := re.fullmatch(r"(\d+)[.,](\d{1,2}|\d{4,})", digits)):
        whole = cut.group(1)
    number = re.sub(r"\D", "", whole)
    if not number or len(number) > 15:
        return None
    granularity = 10 ** max(power - len(fraction), 0) if power else 1
    return Count(int(number + fraction) * 10**power // 10 ** len(fraction), granularity)
