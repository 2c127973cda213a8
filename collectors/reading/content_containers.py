"""What the containers of a page pass on to the blocks in them: roles, scores of names, families of containers alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.content_scores import END, MAX_NAMES, NAME_TOKEN, Doubles, Numbers, Scores, scored

FLAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "table", "list", "figure", "dialog", "section", "blockquote",
    "details", "pre", "body_prop", "description_prop", "comment_name", "alert", "heading", "noscript",
)  # fmt: skip
_BIT: Final = {name: 1 << number for number, name in enumerate(FLAGS)}
FLAG_BITS: Final = np.array([[bit] for bit in _BIT.values()])
_TAG_BITS: Final = {
    "nav": _BIT["nav"], "header": _BIT["header"], "footer": _BIT["footer"], "aside": _BIT["aside"], "main": _BIT["main"],
    "article": _BIT["article"], "form": _BIT["form"], "table": _BIT["table"], "ul": _BIT["list"], "ol": _BIT["list"],
    "menu": _BIT["list"], "figure": _BIT["figure"], "dialog": _BIT["dialog"], "section": _BIT["section"],
    "blockquote": _BIT["blockquote"], "details": _BIT["details"], "pre": _BIT["pre"], "noscript": _BIT["noscript"],
    **{f"h{level}": _BIT["heading"] for level in range(1, 7)},
}  # fmt: skip
_ROLE_BITS: Final = {
    "navigation": _BIT["nav"], "banner": _BIT["header"], "contentinfo": _BIT["footer"], "complementary": _BIT["aside"],
    "main": _BIT["main"], "article": _BIT["article"], "search": _BIT["form"], "dialog": _BIT["dialog"],
    "alertdialog": _BIT["dialog"], "menu": _BIT["nav"], "menubar": _BIT["nav"], "alert": _BIT["alert"],
}  # fmt: skip
_PROP_BITS: Final = {
    "articlebody": _BIT["body_prop"], "text": _BIT["body_prop"], "description": _BIT["description_prop"],
    "reviewbody": _BIT["comment_name"],
}  # fmt: skip

INHERITED: Final = ("name_low", "name_high", "name_near", "name_sum", "repeats", "own_repeats")


class Inherited(NamedTuple):
    """Per container, from its ancestors and itself."""

    rows: Doubles  # in the order of INHERITED
    flags: Numbers
    wider: Numbers  # the nearest ancestor with more blocks
    family: Numbers  # containers of one parent, tag and first class (less its number) are a family
    near_family: Numbers  # the nearest container around, itself included, that has at least two like it; 0 = none
    top_family: Numbers  # the outermost such container
    names: list[str]  # lower-case words of all class and id strings, ends of strings among them


def _named(strings: Sequence[str], scores: Mapping[str, float]) -> tuple[dict[str, tuple[float, int, str]], list[str]]:
    """What class and id strings say: their score, a flag, the class that members of a family share; and all words in them."""
    found = NAME_TOKEN.findall(END.join([names[:MAX_NAMES] for names in strings]) + END)
    tokens = "\n".join(found).lower().split("\n")
    marks, starts, _ = scored(tokens, scores)
    count = np.add.reduceat(marks != 0, starts, dtype=np.float64)
    score = np.add.reduceat(marks, starts) / np.sqrt(np.maximum(count, 1))
    comment = _BIT["comment_name"]
    known = {
        names: (
            value,
            comment if "omment" in names or "isqus" in names or "espond" in names else 0,
            names.partition(" ")[0].rstrip("0123456789"),
        )
        for names, value in zip(strings, score.tolist(), strict=True)
    }
    return known, tokens


def inherit(blocks: Blocks, scores: Scores) -> Inherited:
    """One pass over containers, outer before inner."""
    size = len(blocks.parent)
    known, tokens = _named(list(dict.fromkeys(blocks.names)), scores.names)
    named = [known[names] for names in blocks.names]
    numbers: dict[tuple[int, str, str], int] = {}
    number_of = numbers.setdefault
    family = [
        number_of((parent, tag, name[2]), len(numbers))
        for parent, tag, name in zip(blocks.parent, blocks.tag, named, strict=True)
    ]
    sizes = np.bincount(family)
    alike = sizes[family].tolist()
    lengths = [end - start for start, end in zip(blocks.start, blocks.end, strict=True)]
    low, high, close, total, repeats = [0.0] * size, [0.0] * size, [0.0] * size, [0.0] * size, [1] * size
    flags, wider, near, top = [0] * size, [0] * size, [0] * size, [0] * size
    tag_bits = _TAG_BITS.get
    for c, (parent, tag, role, itemprop, name, same) in enumerate(
        zip(blocks.parent, blocks.tag, blocks.role, blocks.itemprop, named, alike, strict=True)
    ):
        score, bits, _ = name
        bits |= tag_bits(tag, 0)
        if role:
            bits |= _ROLE_BITS.get(role, 0)
        if itemprop:
            bits |= _PROP_BITS.get(itemprop.lower(), 0)
        if parent < 0:
            close[c] = score
            flags[c] = bits
            continue
        flags[c] = bits | flags[parent]
        before = low[parent]
        low[c] = score if score < before else before  # noqa: FURB136 - min() costs twice as much, and this runs for every container
        before = high[parent]
        high[c] = score if score > before else before  # noqa: FURB136
        close[c] = score or close[parent] * 0.8
        total[c] = score + 0.8 * total[parent]
        before = repeats[parent]
        repeats[c] = same if same > before else before  # noqa: FURB136
        if same > 2:
            near[c] = c
            top[c] = top[parent] or c
        else:
            near[c] = near[parent]
            top[c] = top[parent]
        wider[c] = parent if lengths[parent] > lengths[c] else wider[parent]
    rows = np.array((low, high, close, total, repeats, alike), np.float64)
    return Inherited(rows, np.array(flags), np.array(wider), np.array(family), np.array(near), np.array(top), tokens)
