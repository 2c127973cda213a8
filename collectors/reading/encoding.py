"""Bytes to text: what a page declares about its encoding, and what its bytes say.

Order: byte order mark, valid UTF-8 (bytes that are valid UTF-8 and not plain ASCII are UTF-8, whatever is declared), HTTP
charset, `meta` or XML declaration, detection. A declaration is believed only when it can read the bytes: strictly, without
control characters, and, for Cyrillic, with letters in the order of words. UTF-8 with some foreign bytes in it (a page glued
from parts) is read as UTF-8, the foreign bytes as the single-byte encoding of its script.

Labels are those of the WHATWG Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels), which decides what
browsers understand: `iso-8859-1` and `ascii` mean windows-1252, `gb2312` means gb18030, `shift_jis` means cp932.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from collectors.reading.native.spelling import is_plain_utf8

_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "ibm866": "866 cp866 csibm866 ibm866",
    "ibm855": "855 cp855 ibm855",
    "iso-8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso-8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso-8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
    "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
    "iso_8859-7:1987 sun_eu_greek",
    "iso-8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
    "iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "iso-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso-8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso-8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian maccyrillic mac-cyrillic",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "windows-1250": "cp1250 windows-1250 x-cp1250",
    "windows-1251": "cp1251 windows-1251 x-cp1251 win-1251 win1251 windows1251",
    "windows-1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
    "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
    "windows-1253": "cp1253 windows-1253 x-cp1253",
    "windows-1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254",
    "windows-1255": "cp1255 windows-1255 x-cp1255",
    "windows-1256": "cp1256 windows-1256 x-cp1256",
    "windows-1257": "cp1257 windows-1257 x-cp1257",
    "windows-1258": "cp1258 windows-1258 x-cp1258",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso-2022-jp": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}
_CODEC_OF = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

_CYRILLIC = ("windows-1251", "koi8-r", "ibm866", "iso-8859-5", "mac-cyrillic", "ibm855")
_CYRILLIC_FAMILY = frozenset((*_CYRILLIC, "koi8-u"))
# Most frequent first; the share of the ten commonest letters in Russian, Ukrainian, Belarusian and Bulgarian text is 0.55-0.7.
_COMMON = frozenset("оеаинтсрвлі")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:-]{2,40})"""
    rb"""|<meta\s[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_MARKS = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_BE,
)  # that of UTF-32-LE begins as one of these
_SLAVIC = frozenset("іїєґўѓќљњћџђјѕё")
_STRANGE = re.compile(
    r"(?<=[^\W\d_])[^\w\s\x00-\x7f\xad’‘‑–—«»“”„…](?=[^\W\d_])|(?<=[а-яё])[€†°¢£§¶®©™´¨≠∞±≤≥∂√≈∆]|[\u2500-\u25ff\x80-\x9f\ufffd]"
)
_SMALL_CYRILLIC = re.compile("[а-я]")
_WORD_OF_LETTERS = re.compile(r"[^\W\d_]+")
_ASCII = bytes(range(128))
# High bytes that the encodings of Latin alphabets read alike: German and Finnish have hardly any others.
_LATIN = ("windows-1252", "windows-1250", "windows-1254", "windows-1257", "iso-8859-2", "iso-8859-4", "iso-8859-15")
_ALIKE = bytes(byte for byte in range(0xA0, 0x100) if len({bytes([byte]).decode(codec, "replace") for codec in _LATIN}) == 1)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+[^\x80-\xff]{0,16}")
_BEFORE_RUN = 16
_HIGH_WORD = re.compile(rb"[\x80-\xff]{2,}")
_SNIFFED_BYTES = 4096  # browsers look at 1024; real pages hide their meta behind comments and scripts
_SAMPLE_BYTES = 32_768
_TELLING_BYTES = 8  # fewer high bytes that stand alone tell nothing of the language
_SCORED_BYTES = 4_000  # some hundred words tell Cyrillic encodings apart


def codec_of(label: str | None) -> str | None:
    """The Python codec for an encoding label as browsers understand it, or None when it is no known label."""
    return _CODEC_OF.get(label.strip().strip("\"'").lower()) if label else None


def decode(body: bytes, media_type: str | None = None, charset: str | None = None) -> tuple[str, str]:
    """The text of a body and the encoding it was read with.

    `charset` is what the HTTP header says; `media_type` tells JSON, in which no declaration is looked for.
    Never fails: bytes that no encoding can read become U+FFFD.
    """
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")):
        if body.startswith(mark):
            return _mixed(body[len(mark) :]) if codec == "utf-8" else (body[4:].decode(codec, "replace"), codec)
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if body.startswith(mark):
            return body[2:].decode(codec, "replace"), codec
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_other(body, media_type, charset)
    if b"\x00" in body[:400] and (wide := _wide_codec(body)):
        return body.decode(wide, "replace"), wide
    if _has_escapes(body):
        return _decode_escaped(body, text)
    return text, "utf-8"


def utf8(body: bytes, media_type: str | None = None, charset: str | None = None) -> tuple[bytes, str]:
    """The same as bytes of UTF-8, as parsers take them: those of the body itself where they are."""
    if not body.startswith(_MARKS) and b"\x00" not in body[:400] and is_plain_utf8(body):
        return body, "utf-8"
    text, encoding = decode(body, media_type, charset)
    return text.encode("utf-8", "replace"), encoding


def _has_escapes(body: bytes) -> bool:
    """Whether bytes that look like ASCII may switch to other alphabets."""
    return b"\x1b" in body or (body.isascii() and b"~{" in body)


def declared_codec(body: bytes) -> str | None:
    """The encoding that a `meta` element or an XML declaration names near the start of a body."""
    for match in _DECLARED.finditer(body[:_SNIFFED_BYTES]):
        codec = codec_of((match[1] or match[2]).decode("ascii", "replace"))
        if codec is not None:
            # The label could be read byte by byte, so the page is not UTF-16 (WHATWG: it then means UTF-8).
            return "utf-8" if codec.startswith("utf-16") else codec
    return None


def _decode_other(body: bytes, media_type: str | None, charset: str | None) -> tuple[str, str]:
    """A body that is not valid UTF-8."""
    if wide := _wide_codec(body):
        return body.decode(wide, "replace"), wide
    # JSON has no declaration of its own; one inside it belongs to a page that it quotes
    in_file = None if (media_type or "").endswith("json") else declared_codec(body)
    declared = [codec for codec in (codec_of(charset), in_file) if codec]
    if _is_mostly_utf8(body):
        return _mixed(body)
    sample = _sample(body)
    for codec in declared:
        if codec != "utf-8" and _reads(sample, body, codec):
            return body.decode(codec, "replace"), codec
    codec = _detected(sample)
    return body.decode(codec, "replace"), codec


def _wide_codec(body: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of ASCII characters stand."""
    head = body[:2000]
    quarter = len(head) // 4
    if quarter == 0:
        return None
    zeros = [head[i::4].count(0) / quarter for i in range(4)]
    if zeros[0] > 0.9 and zeros[1] > 0.9 and zeros[3] < 0.3:
        return "utf-32-be"
    if zeros[2] > 0.9 and zeros[3] > 0.9 and zeros[0] < 0.3:
        return "utf-32-le"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.2 and even < odd / 4:
        return "utf-16-le"
    if even > 0.2 and odd < even / 4:
        return "utf-16-be"
    return None


def _decode_escaped(body: bytes, text: str) -> tuple[str, str]:
    """7-bit encodings that switch alphabets by escape sequences look like ASCII to everyone else."""
    for codec, mark in (("iso-2022-jp", b"\x1b$"), ("iso-2022-kr", b"\x1b$)C"), ("hz", b"~{")):
        if mark in body:
            try:
                return body.decode(codec), codec
            except UnicodeDecodeError:
                continue
    return text, "utf-8"


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether the errors are few against the multi-byte characters that are right."""
    decoded = body.decode("utf-8", "replace")
    wrong = decoded.count("\ufffd")
    return _high_characters(decoded) - wrong > 3 * wrong


def _mixed(body: bytes) -> tuple[str, str]:
    """UTF-8 in which foreign bytes are read as the single-byte encoding of the text around them."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        cyrillic = len(_SMALL_CYRILLIC.findall(body.decode("utf-8", "ignore")[:200_000]))
        return body.decode("utf-8", "dozor-cyrillic" if cyrillic > 20 else "dozor-western"), "utf-8"


def _foreign_bytes(codec: str, error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    if error.end == len(error.object) and "unexpected end" in error.reason:
        return "", error.end  # a body cut in the middle of a character
    return wrong.decode(codec, "replace"), error.end


def _foreign_cyrillic(error: UnicodeError) -> tuple[str, int]:
    return _foreign_bytes("windows-1251", error)


def _foreign_western(error: UnicodeError) -> tuple[str, int]:
    return _foreign_bytes("windows-1252", error)


codecs.register_error("dozor-cyrillic", _foreign_cyrillic)
codecs.register_error("dozor-western", _foreign_western)


def _sample(body: bytes, most: int = _SAMPLE_BYTES) -> bytes:
    """The parts of a body that tell its encoding: high bytes with a little of what stands around them."""
    if len(body) <= most:
        return body
    parts, size, end = [], 0, 0
    for match in _HIGH_RUN.finditer(body):
        part = body[max(end, match.start() - _BEFORE_RUN) : (end := match.end())]
        parts.append(part)
        size += len(part)
        if size > most:
            break
    return b"".join(parts)


def _reads(sample: bytes, body: bytes, codec: str) -> bool:
    """Whether a declared encoding is believable for these bytes."""
    try:
        text = sample.decode(codec) if codec in _CYRILLIC_FAMILY else body.decode(codec)
    except UnicodeDecodeError as error:
        # one bad byte in a long page is damage, not a wrong declaration
        text = body.decode(codec, "replace")
        if text.count("\ufffd") * 200 > _high_bytes(sample) or error.start == 0:
            return False
    if len(_CONTROL.findall(text)) * 20 > _high_characters(text):
        return False
    if codec in _CYRILLIC_FAMILY:
        dense = _sample(sample, _SCORED_BYTES)
        mine = _cyrillic_score(dense.decode(codec, "replace"))
        return mine > 0.99 or all(mine >= _cyrillic_score(dense.decode(other, "replace")) - 0.005 for other in _CYRILLIC)
    if codec == "windows-1252":
        return not _looks_cyrillic(sample)
    return True


def _high_bytes(body: bytes) -> int:
    return len(body.translate(None, _ASCII))


def _high_characters(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _looks_cyrillic(sample: bytes) -> bool:
    """Western text has high bytes alone among ASCII letters; Cyrillic text has words of them."""
    dense = _sample(sample, _SCORED_BYTES)
    return _has_high_words(dense) and max(_cyrillic_score(dense.decode(codec, "replace")) for codec in _CYRILLIC) >= 0.7


def _has_high_words(sample: bytes) -> bool:
    """Whether high bytes mostly stand side by side. A lone pound sign is a letter in every Cyrillic encoding."""
    high = _high_bytes(sample)
    return sum(map(len, _HIGH_WORD.findall(sample))) * 2 > high


def _cyrillic_score(text: str) -> float:
    """How much a text reads as Slavic words, 0 to 1: common letters, capitals only at the start, no signs inside words."""
    good = total = common = 0
    for word in _WORD_OF_LETTERS.findall(text)[:4000]:
        if word.isascii():
            continue
        total += len(word)
        last = word[-1].lower()
        if ("а" <= last <= "я" or last in _SLAVIC) and (word[1:].islower() or len(word) == 1 or word.isupper()):
            good += len(word)
        common += sum(map(_COMMON.__contains__, word.lower()))
    if not total:
        return 0.0
    strange = len(_STRANGE.findall(text))
    return good / total * min(1.0, common / total / 0.5) * total / (total + 4 * strange)


@lru_cache(maxsize=64)
def _usable(name: str) -> str | None:
    codec = codec_of(name)
    if codec:
        return codec
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _detected(sample: bytes) -> str:
    """Detection by chardet; short Cyrillic texts that it takes for something else are told by our own score."""
    dense = _sample(sample, _SCORED_BYTES)
    is_wordy, high = _has_high_words(dense), _high_bytes(dense)
    if not is_wordy and (high < _TELLING_BYTES or len(dense.translate(None, _ASCII + _ALIKE)) * 20 <= high):
        return "windows-1252"  # a sign here and there, or what is the same in all: what browsers assume
    import chardet  # here: few pages need it, and loading it with its models takes longer than reading fifty

    # chardet believes declarations too, and those have been found wanting
    found = chardet.detect(_DECLARED.sub(b"", sample))["encoding"]
    codec = _usable(found) if found else None
    if codec not in (None, "utf-8", "windows-1252", "iso-8859-15", "mac-roman"):
        return codec
    scores = {other: _cyrillic_score(dense.decode(other, "replace")) for other in _CYRILLIC}
    best = max(scores, key=scores.__getitem__)
    if is_wordy and scores[best] >= 0.8:
        return best
    return "windows-1252" if codec is None or codec == "utf-8" else codec
