"""A tolerant reader of JSON as pages write it: comments, trailing and doubled commas, single quotes, bare keys, raw line breaks,
wrong escapes, documents glued together, missing brackets at the end. It only reads data; nothing is evaluated."""

from __future__ import annotations

import math
import re
from typing import Any

_SPACE = re.compile(r"(?:\s|\ufeff|//[^\n]*|/\*.*?\*/|/\*.*\Z|<!--|-->)+", re.DOTALL)
_STRING = {'"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL), "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)}
_CURLY = re.compile(r"[“”„]([^“”„\n]*)[“”]")
_BARE = re.compile(r"[^\s,:{}\[\]\"]+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'", "\n": ""}
_WORDS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "NaN": None,
    "Infinity": None,
    "-Infinity": None,
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
MAX_DIGITS = 40


class LooseJsonError(ValueError):
    """The text is no JSON, not even loosely; the message names the offset."""


def parse_loosely(text: str, max_depth: int) -> list[Any]:
    """The documents of `text`; raises LooseJsonError when none can be read or nesting is deeper than `max_depth`."""
    reader = _Reader(text, max_depth)
    documents: list[Any] = []
    while reader.skip():
        if text[reader.at] in ",;":
            reader.at += 1
        elif text[reader.at] in "{[":
            documents.append(reader.value(0))
        elif documents:
            break  # rubbish after the last document
        else:
            raise LooseJsonError(f"no object or array at offset {reader.at}")
    if not documents:
        raise LooseJsonError("nothing but comments and space")
    return documents


class _Reader:
    """A cursor over the text. `at` only moves forward, so the time is linear."""

    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.at = 0
        self.max_depth = max_depth

    def skip(self) -> bool:
        """Moves past space and comments; False at the end."""
        match = _SPACE.match(self.text, self.at)
        if match:
            self.at = match.end()
        return self.at < len(self.text)

    def value(self, depth: int) -> Any:
        if depth > self.max_depth:
            raise LooseJsonError(f"nested deeper than {self.max_depth} at offset {self.at}")
        char = self.text[self.at]
        if char == "{":
            return self._object(depth)
        if char == "[":
            return self._array(depth)
        if char in "\"'“„":
            return self._string()
        return self._word()

    def _object(self, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        self.at += 1
        while self.skip():
            char = self.text[self.at]
            if char == "}":
                self.at += 1
                break
            if char in ",;":
                self.at += 1
                continue
            if char == "]":
                break  # the object was not closed; its list goes on
            key = self._string() if char in "\"'“„" else self._bare()
            if not self.skip():
                break
            if self.text[self.at] != ":":
                raise LooseJsonError(f"expected ':' after key {key[:40]!r} at offset {self.at}")
            self.at += 1
            if not self.skip():
                break
            result[key] = None if self.text[self.at] in ",}]" else self.value(depth + 1)
        return result

    def _array(self, depth: int) -> list[Any]:
        result: list[Any] = []
        self.at += 1
        while self.skip():
            char = self.text[self.at]
            if char == "]":
                self.at += 1
                break
            if char in ",;":
                self.at += 1
                continue
            if char == "}":
                break
            result.append(self.value(depth + 1))
        return result

    def _string(self) -> str:
        quote = self.text[self.at]
        match = _STRING[quote].match(self.text, self.at) if quote in _STRING else _CURLY.match(self.text, self.at)
        if match is None:  # cut in the middle
            rest, self.at = self.text[self.at + 1 :], len(self.text)
            return _unescape(rest)
        self.at = match.end()
        raw = match.group(1)
        return _unescape(raw) if "\\" in raw else raw

    def _bare(self) -> str:
        match = _BARE.match(self.text, self.at)
        if match is None:
            raise LooseJsonError(f"unexpected {self.text[self.at]!r} at offset {self.at}")
        self.at = match.end()
        return match.group()

    def _word(self) -> Any:
        word = self._bare()
        if word in _WORDS:
            return _WORDS[word]
        if _NUMBER.fullmatch(word) and len(word) <= MAX_DIGITS:
            number = float(word)
            if not math.isfinite(number):
                return None
            return int(word) if word.lstrip("+-").isdigit() else number
        return word


def _unescape(raw: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) == 5:
            return chr(int(code[1:], 16))
        return _SHORT.get(code, "\\" + code)

    text = _ESCAPE.sub(one, raw)
    # pairs of \\ud83d\\ude00 are one character
    return (
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if any("\ud800" <= c <= "\udfff" for c in text)
        else text
    )
