"""The visible page as a list of blocks: units of text between two block-level borders, each in its containers.

A block is a run of text that no block-level element interrupts (a paragraph, a heading, a list item, a table cell, a button's
label). `document.read_document` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode


@dataclass(slots=True)
class Blocks:
    """Parallel lists. Block i: its text, the number of its container, and what was counted while it was read.

    Container c: its parent (a smaller number; -1 for the root), tag, class and id words, role and itemprop; containers stand in
    document order. `end` is the number of blocks read when it closed, `start` when it opened.
    """

    texts: list[str] = field(default_factory=list)
    container: list[int] = field(default_factory=list)
    link_chars: list[int] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    itemprop: list[str] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    nodes: list[LexborNode] = field(default_factory=list)  # of the containers

    def append_outside(self, tag: str, lines: list[str]) -> None:
        """Blocks that the visible page does not hold, in a container of their own at its end."""
        number, first = len(self.parent), len(self.texts)
        self.texts += lines
        self.container += [number] * len(lines)
        for counts in (self.link_chars, self.links, self.images):
            counts += [0] * len(lines)
        self.parent.append(0 if self.parent else -1)
        self.tag.append(tag)
        for strings in (self.names, self.role, self.itemprop):
            strings.append("")
        self.hidden.append(False)
        self.start.append(first)
        self.end.append(len(self.texts))
        self.end[0] = len(self.texts)
        self.depth.append(1)
