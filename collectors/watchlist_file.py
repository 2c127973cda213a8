"""YAML as plain data with the line of every key and value, and nothing surprising.

A watchlist is edited by people and may come from a stranger, so the reader is stricter than YAML: no tags, no duplicate keys,
no numbers that do not fit 64 bits, bounded size, depth and expansion of aliases. Only `true`, `false`, `null`, whole numbers and
plain decimals are typed; everything else is text, so the language `no`, the time 12:30 and the id 0123 stay what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40  # a watchlist needs about eight
MAX_VALUES = 200_000  # after aliases are expanded

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_CORE + name for name in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")}


class Problem(NamedTuple):
    """Something a person must mend, and where."""

    line: int  # from 1
    message: str


@dataclass(slots=True)
class Document:
    """The data of a file, the line of each key and value by its path, and what was wrong with the YAML itself."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the value at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _RefusedError(Exception):
    """The document cannot be read at all."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


def read_yaml(text: str) -> Document:
    """Reads one YAML document; never raises for what is in it: `problems` says what is wrong."""
    document = Document()
    try:
        if len(text) > MAX_BYTES:
            raise _RefusedError(1, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
        _check_depth(text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        if root is not None:
            document.data = _Converter(document).value(root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.problems.append(Problem(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}"))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.problems.append(Problem(line, f"not valid YAML: the character U+{error.character:04X} is not allowed"))
    except _RefusedError as refused:
        document.problems.append(refused.problem)
    return document


def _check_depth(text: str) -> None:
    """Stops before the composer recurses into a tower of brackets."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _RefusedError(_line(event), f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


class _Converter:
    """Turns YAML nodes into data, filling lines and problems of a document on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0
        self.open: set[int] = set()  # nodes being converted: an alias to one of them is a loop

    def value(self, node: yaml.Node, path: Path) -> Any:
        line = _line(node)
        self.count += 1
        if self.count > MAX_VALUES:
            raise _RefusedError(line, f"more than {MAX_VALUES} values once aliases are expanded")
        if id(node) in self.open:
            raise _RefusedError(line, "an alias refers to what contains it")
        self.document.lines.setdefault(path, line)
        if node.tag not in _PLAIN_TAGS:
            self._problem(line, f'the tag "{node.tag.replace(_CORE, "!!")}" is not allowed: write plain values')
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
            return dict(self._pairs(node, path))
        finally:
            self.open.remove(id(node))

    def _pairs(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(line, "a key must be plain text")
                continue
            key = key_node.value
            if key in first:
                self._problem(line, f'the key "{key}" is already given on line {first[key]}')
                continue
            first[key] = line
            self.document.lines[*path, key] = line
            yield key, self.value(value_node, (*path, key))

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        text: str = node.value
        if node.style or node.tag == f"{_CORE}str":  # quoted, a block, or said to be text: whatever it looks like
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
                self._problem(line, f"the number {text[:24]}… is too large; put it in quotes if it is an id")
                return None
            return int(text)
        if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
            return float(text)
        return text

    def _problem(self, line: int, message: str) -> None:
        self.document.problems.append(Problem(line, message))
