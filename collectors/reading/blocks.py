"""The visible page as a list of blocks: units of text between two block-level borders, each in its containers.

A block is a run of text that no block-level element interrupts (a paragraph, a heading, a list item, a table cell, a button's
label). `document.read_document` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

import numpy as np

from collectors.reading.native.library import Numbers, encoded, joined

# Tags of containers of what the visible page does not hold, and their numbers, which no element has.
OUTSIDE: Final = {"described": -1, "abstract": -2}


@dataclass
class Blocks:
    """Parallel lists. Block i: its text, the number of its container, and the characters of it in links.

    Container c: its parent (a smaller number; -1 for the root), tag, class and id words, whether it is hidden; they stand in
    document order. `end` is the number of blocks read when it closed, `start` when it opened. `role` and `itemprop` are those of
    the containers that have one.

    `codes`, `counts` and `shape` say it for the compiled readers, with what only these look at; the lists of numbers are made of
    them when somebody asks.
    """

    joined: str  # the texts, each ended by END
    codes: bytes  # the same as code points
    counts: Numbers  # by block, in rows: container, characters in links, links, images, where its text begins
    shape: Numbers  # by container, in rows: element, parent, tag, start, end, depth, number of its names among all different ones
    called: list[str]  # all different names
    texts: list[str]
    tag: list[str]
    names: list[str]
    role: dict[int, str]
    itemprop: dict[int, str]
    hidden: bytes  # 1 or 0

    @cached_property
    def container(self) -> list[int]:
        return _listed(self.counts[0])

    @cached_property
    def link_chars(self) -> list[int]:
        return _listed(self.counts[1])

    @cached_property
    def parent(self) -> list[int]:
        return _listed(self.shape[1])

    @cached_property
    def start(self) -> list[int]:
        return _listed(self.shape[3])

    @cached_property
    def end(self) -> list[int]:
        return _listed(self.shape[4])

    def append_outside(self, tag: str, lines: list[str]) -> None:
        """Blocks that the visible page does not hold, in a container of their own at its end."""
        number, first = len(self.tag), len(self.texts)
        last = first + len(lines)
        self.texts += lines
        counts = np.zeros((5, last), np.int32)
        counts[:, :first] = self.counts
        counts[0, first:] = number
        counts[4, first:] = [*accumulate((len(line) + 1 for line in lines[:-1]), initial=len(self.joined))]
        added = joined(lines)
        self.joined += added
        self.codes += encoded(added)
        self.tag.append(tag)
        self.names.append("")
        self.hidden += b"\0"
        if "" not in self.called:
            self.called.append("")
        shape = np.empty((7, number + 1), np.int32)
        shape[:, :number] = self.shape
        shape[:, number] = (-1, 0 if number else -1, OUTSIDE[tag], first, last, 1, self.called.index(""))
        shape[4, 0] = last
        self.counts, self.shape = counts, shape
        for listed in ("container", "link_chars", "parent", "start", "end"):
            self.__dict__.pop(listed, None)


def _listed(numbers: Numbers) -> list[int]:
    listed: list[int] = numbers.tolist()
    return listed
