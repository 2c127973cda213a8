"""What the readers of a page's kind hear, as words: what `collectors/reading/native/marks.c` finds by hashes, said plainly.

Training needs the words themselves; a test compares the verdicts of both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from collectors.reading.content import Prepared
from collectors.reading.content_scores import block_words, name_tokens
from collectors.reading.kind import WORD, address_marks, title_marks
from collectors.reading.native.library import Doubles

MAX_TEXT = 8_000
BLOCK_TEXT = 300
SHORT = 20

Marks = tuple[frozenset[str], ...]  # one set a reader


def marks(page: Prepared, first: Doubles) -> Marks:
    """What each of kind.READERS hears of a page; `first` are the probabilities of the first look, by block."""
    blocks = page.document.blocks
    words = [frozenset(WORD.findall(text[:BLOCK_TEXT].lower())) for text in blocks.texts]
    heads = {
        word
        for text, container in zip(blocks.texts, blocks.container, strict=True)
        if blocks.tag[container] in {"h1", "h2", "h3"}
        for word in block_words(text)
    }
    return (
        frozenset(address_marks(page.document, page.url, page.items, page.title)),
        frozenset((
            *(token for names in blocks.names for token in name_tokens(names)),
            *(f"label:{text.lower()}" for text in blocks.texts if len(text) < SHORT),
            *(f"body:{token}" for token in name_tokens(blocks.names[0])),
        )),
        frozenset((
            *chain(*(words[block] for block in _content(blocks.texts, first))),
            *(f"head:{word}" for word in heads),
            *title_marks(page.title),
        )),
        frozenset(chain(*words)),
    )  # fmt: skip


def _content(texts: Sequence[str], first: Doubles) -> Iterator[int]:
    """The likely blocks, until what is read of them is long enough."""
    left = MAX_TEXT
    for block in np.flatnonzero(first > 0.5).tolist():
        if left <= 0:
            return
        yield block
        left -= len(texts[block][:BLOCK_TEXT]) + 1
