"""The visible page as a list of blocks: units of text between two block-level borders, each in its containers.

A block is a run of text that no block-level element interrupts (a paragraph, a heading, a list item, a table cell, a button's
label). `document.read_document` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from collectors.reading.native.library import Numbers, joined

# Tags of containers of what the visible page does not hold, and their numbers, which no element has.
OUTSIDE: Final = {"described": -1, "abstract": -2}


@dataclass(slots=True)
class Blocks:
    """Parallel lists. Block i: its text, the number of its container, and the characters of it in links.

    Container c: its parent (a smaller number; -1 for the root), tag, class and id words, role and itemprop, whether it is hidden;
    containers stand in document order. `end` is the number of blocks read when it closed, `start` when it opened.

    `counts` and `shape` say the same in numbers, for the compiled readers, and what only these look at.
    """

    joined: str  # the texts, each ended by END
    counts: Numbers  # by block, in rows: container, characters in links, links, images
    shape: Numbers  # by container, in rows: element, parent, tag, start, end, depth, number of its names among all different ones
    called: list[str]  # all different names
    texts: list[str]
    container: list[int]
    link_chars: list[int]
    parent: list[int]
    tag: list[str]
    names: list[str]
    role: list[str]
    itemprop: list[str]
    hidden: list[bool]
    start: list[int]
    end: list[int]

    def append_outside(self, tag: str, lines: list[str]) -> None:
        """Blocks that the visible page does not hold, in a container of their own at its end."""
        number, first = len(self.parent), len(self.texts)
        last = first + len(lines)
        self.texts += lines
        self.joined += joined(lines)
        self.container += [number] * len(lines)
        self.link_chars += [0] * len(lines)
        counts = np.zeros((4, last), np.int32)
        counts[:, :first] = self.counts
        counts[0, first:] = number
        self.counts = counts
        self.parent.append(0 if self.parent else -1)
        self.tag.append(tag)
        for strings in (self.names, self.role, self.itemprop):
            strings.append("")
        self.hidden.append(False)
        self.start.append(first)
        self.end.append(last)
        self.end[0] = last
        if "" not in self.called:
            self.called.append("")
        shape = np.empty((7, number + 1), np.int32)
        shape[:, :number] = self.shape
        shape[:, number] = (-1, self.parent[-1], OUTSIDE[tag], first, last, 1, self.called.index(""))
        shape[4, 0] = last
        self.shape = shape
