"""A written date to a moment: ISO 8601, RFC 822, epochs, numeric forms, month names, relative words.

Common forms are read here by a few regular expressions; rarer ones go to dateparser, which is imported only then (it is slow
to load and a thousand times slower to run). Relative words ("вчера", "2 hours ago") are read only against `base`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from collectors.reading.date_words import MONTHS, PREPOSITIONS, WEEKDAYS, ZONES, relative_delta
from collectors.reading.model import Moment

LONGEST = 200  # characters; a date is never longer, a whole article might be

_CLOCK = (
    r"(?P<hour>[01]?\d|2[0-4])[:.h](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d|60)(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?)?"
)
_ISO = re.compile(
    r"(?P<year>\d{4})-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:(?:[T_]|\s+)(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9})\d*)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
# What datetime reads as we do: most of what pages declare.
_PLAIN_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?", re.ASCII)
_NUMERIC = re.compile(r"(?<![\d.,])(?P<a>\d{1,4})(?P<sep>[./\-])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<c>\d{4}|\d{2})(?!\d)")
_CLOCK_ANYWHERE = re.compile(r"(?<![\d.])" + _CLOCK + r"(?![\d])", re.IGNORECASE)
_BARE_HOUR = re.compile(r"(?<![\d:.])(1[0-2]|0?[1-9])\s*([ap])\.?m\b", re.IGNORECASE)
_OFFSET = re.compile(r"(?:(?:GMT|UTC)\s*)?([+-])(\d{1,2}):?(\d{2})?\s*$|([+-])(\d{2}):?(\d{2})\b", re.IGNORECASE)
_ZONE_WORD = re.compile(r"\b(" + "|".join(ZONES) + r")\b")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+\.?|\d+(?:st|nd|rd|th|er|re|º|ª|°|-?(?:го|е|ое))?\b\.?|[:/]", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_MONTH_FIRST_LANGS = frozenset({"en"})
_YEAR_FIRST_LANGS = frozenset({"zh", "ja", "ko", "hu", "lt", "sv"})


def read_date(
    text: str, lang: str | None = None, base: datetime | None = None, day_first: bool | None = None, *, strict: bool = False
) -> Moment | None:
    """The date or time that a short text says, or None.

    `lang` (ISO 639-1) decides the order of day and month where the numbers do not, unless `day_first` is given. `base` is the
    moment relative words and dates without a year are read against; without it they are None. The value has an offset only
    where the text gives one. `strict` leaves out dateparser, for callers that try many texts.
    """
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    found = _absolute(text, lang, base, day_first)
    if found is None and base is not None:
        found = _relative(text, base)
    if found is None and not strict:
        found = _by_dateparser(text, lang, base, day_first)
    return found


def _absolute(text: str, lang: str | None, base: datetime | None, day_first: bool | None) -> Moment | None:
    if text[0].isdecimal():
        if _PLAIN_ISO.fullmatch(text) and (plain := _from_plain_iso(text)):
            return plain
        iso = _ISO.match(text)
        if iso and (iso.end() == len(text) or not text[iso.end()].isalnum()):
            return _from_iso(iso)
        if _EPOCH.fullmatch(text):
            return _from_epoch(text)
    if ("年" in text or "년" in text) and (cjk := _CJK.search(text)):
        return _moment(int(cjk[1]), int(cjk[2]), int(cjk[3]), text[cjk.end() :])
    if ("/" in text or "." in text or "-" in text) and (numeric := _NUMERIC.search(text)):
        day = order_numbers(numeric, lang, day_first)
        if day is not None:
            return _moment(*day, text[: numeric.start()] + " " + text[numeric.end() :])
        return None
    return _by_month_name(text, base)


def _from_plain_iso(text: str) -> Moment | None:
    try:
        return Moment(datetime.fromisoformat(text), has_time=len(text) > len("2026-11-20"), evidence="text")
    except ValueError:  # such as a leap second
        return None


def _from_iso(match: re.Match[str]) -> Moment | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        value = datetime(int(year), int(month), int(day))  # noqa: DTZ001 the text gives no offset
        if hour is None:
            return Moment(value, has_time=False, evidence="text")
        micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
        value += timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0), microseconds=micro)
        return Moment(_with_zone(value, zone), has_time=True, evidence="text")
    except (ValueError, OverflowError):
        return None


def _from_epoch(text: str) -> Moment | None:
    number = float(text)
    seconds = number / 1000 if number >= 1e11 else number
    value = datetime.fromtimestamp(seconds, UTC)
    return Moment(value, has_time=True, evidence="text") if 1990 <= value.year <= 2100 else None


def order_numbers(match: re.Match[str], lang: str | None, day_first: bool | None) -> tuple[int, int, int] | None:
    """Year, month, day of a numeric date; None where no order makes one."""
    first, second, third, separator = int(match["a"]), int(match["b"]), int(match["c"]), match["sep"]
    if len(match["a"]) == 4:
        return (first, second, third) if 1 <= second <= 12 and 1 <= third <= 31 else None
    if len(match["a"]) == 3:
        return None
    year = third if len(match["c"]) == 4 else third + (2000 if third < 70 else 1900)
    if len(match["c"]) == 2 and lang in _YEAR_FIRST_LANGS and second <= 12 and third <= 31:
        return first + 2000, second, third
    if day_first is None:
        # dots stand between day and month nearly everywhere, slashes and hyphens go by the language
        day_first = separator == "." or lang not in _MONTH_FIRST_LANGS
    day, month = (first, second) if day_first else (second, first)
    if month > 12:
        day, month = month, day
    return (year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _by_month_name(text: str, base: datetime | None) -> Moment | None:
    """Day, month name and year in any order; the words between must be ones that dates are written with."""
    if MONTHS.keys().isdisjoint(_LETTERS.findall(text.lower())):
        return None
    clock = _clock_in(text) or _BARE_HOUR.search(text)
    rest = text if clock is None else text[: clock.start()] + " " + _OFFSET.sub(" ", text[clock.end() :])
    month = day = year = None
    unknown = 0
    numbers: list[int] = []
    for token in _WORD.findall(rest):
        word = token.lower().rstrip(".")
        if word[0].isdecimal():  # a raised digit is none
            digits = "".join(filter(str.isdecimal, word))
            number = int(digits)
            if len(digits) == 4 and year is None:
                year = number
            elif 1 <= number <= 31 and day is None:
                day = number
            else:
                numbers.append(number)
        elif word in MONTHS and month is None:
            month = MONTHS[word]
        elif word in WEEKDAYS or word in PREPOSITIONS or token.upper() in ZONES:
            continue
        else:
            unknown += 1
    if month is None or unknown > (2 if year is not None and day is not None else 0):
        return None
    if year is None and numbers and numbers[0] < 100:
        year = numbers[0] + (2000 if numbers[0] < 70 else 1900)
    if year is None:
        if base is None or day is None:
            return None
        year = base.year
    if day is None:
        return None
    return _moment(year, month, day, text)


def _clock_in(text: str) -> re.Match[str] | None:
    """The first clock time; nearly all have a colon, many dates none of the signs a clock is written with."""
    may_be = ":" in text or "." in text or "h" in text or "H" in text
    return _CLOCK_ANYWHERE.search(text) if may_be else None


def _moment(year: int, month: int, day: int, rest: str) -> Moment | None:
    try:
        value = datetime(year, month, day)  # noqa: DTZ001 the offset, if any, follows
    except ValueError:
        return None
    if clock := _clock_in(rest):
        hour, minute, second = int(clock["hour"]), int(clock["minute"]), min(59, int(clock["second"] or 0))
        half = (clock["half"] or "").lower()[:1]
        rest = rest[clock.end() :]
    elif bare := _BARE_HOUR.search(rest):
        hour, minute, second, half = int(bare[1]), 0, 0, bare[2].lower()
        rest = rest[bare.end() :]
    else:
        return Moment(value, has_time=False, evidence="text")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    value += timedelta(hours=hour, minutes=minute, seconds=second)
    zone = None
    if offset := _OFFSET.search(rest):
        sign, hours, minutes = offset[1] or offset[4], offset[2] or offset[5], offset[3] or offset[6]
        zone = f"{sign}{int(hours):02d}{minutes or '00'}"
    elif named := _ZONE_WORD.search(rest):
        zone = ZONES[named[1]]
    return Moment(_with_zone(value, zone), has_time=True, evidence="text")


def _with_zone(value: datetime, zone: str | None) -> datetime:
    if not zone:
        return value
    if zone.upper() in ("Z", "UTC", "GMT"):
        return value.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    if offset > timedelta(hours=15):
        return value
    return value.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))


def _relative(text: str, base: datetime) -> Moment | None:
    found = relative_delta(text)
    if found is None:
        return None
    delta, is_exact = found
    value = base - delta
    clock = _clock_in(text)
    if clock and not is_exact:
        value = value.replace(hour=int(clock["hour"]) % 24, minute=int(clock["minute"]), second=0, microsecond=0)
    return Moment(value, has_time=is_exact or clock is not None, evidence="relative")


def _by_dateparser(text: str, lang: str | None, base: datetime | None, day_first: bool | None) -> Moment | None:
    from dateparser.date import DateDataParser  # here, since loading it takes longer than reading a hundred pages

    settings: dict[str, Any] = {"PARSERS": ["custom-formats", "absolute-time"], "REQUIRE_PARTS": ["day", "month", "year"]}
    if base is not None:
        settings = {"PARSERS": ["relative-time", "custom-formats", "absolute-time"], "RELATIVE_BASE": base.replace(tzinfo=None)}
    if day_first is not None:
        settings["DATE_ORDER"] = "DMY" if day_first else "MDY"
    try:
        data = DateDataParser(languages=[lang] if lang else None, settings=settings).get_date_data(text)
    except ValueError:  # a language that dateparser does not know
        data = DateDataParser(settings=settings).get_date_data(text)
    if data is None or data.date_obj is None:
        return None
    return Moment(data.date_obj, has_time=data.period == "time" or bool(_CLOCK_ANYWHERE.search(text)), evidence="text")
