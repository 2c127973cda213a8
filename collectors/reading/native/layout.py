"""What the compiled walk knows of selectolax: which tag does what, and that trees are built as it takes them to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import PageError
from collectors.reading.native import walking
from collectors.reading.native.library import END

_OTHER_VERSION: Final = "selectolax {} otherwise than dozor knows: install the version of uv.lock"


class Walk:
    """A walk over the elements of selectolax's trees, with what it may meet at most.

    `kinds` says by number of a tag what it does to the walk: 0 parts blocks, 1 is inline, 2 is passed over, 3 the same but its
    elements are listed, 4 is an image, 5 a link, 6 a line break, 7 preformatted, 8 the head, 9 the body.
    """

    __slots__ = ("_bounds", "_errors", "_kinds")

    def __init__(self, kinds: bytes, *, blocks: int, elements: int, depth: int, weight: int) -> None:
        self._kinds = kinds
        self._bounds = (blocks, elements, depth, weight)
        self._errors = (
            "",
            f"too many blocks of text (more than {blocks:,})",
            f"too many elements (more than {elements:,})",
            f"nested too deeply (more than {depth} levels)",
            f"too much text nested too deeply (more than {weight:,} characters times levels)",
        )

    def over(self, root: LexborNode) -> walking.Tree:
        """Walks a page from its root element on. Raises PageError when it holds more than any real page does."""
        walked = walking.walk(root, self._kinds, *self._bounds)
        if isinstance(walked, int):
            raise PageError(self._errors[walked])
        return walked


def learn_layout(tag_names: Sequence[str | None]) -> None:
    """Finds out how selectolax makes its nodes, and compares them with what the walk sees; ImportError where they differ."""
    tree = LexborHTMLParser("<p>a<b>ж</b><!--c--></p><i></i>")
    assert tree.root is not None  # Lexbor makes one for any input
    try:
        walking.learn(tree.root, tree.root.mem_id, tree, list(tag_names))
    except TypeError as error:
        raise ImportError(_OTHER_VERSION.format("keeps its nodes")) from error
    check_layout()


def check_layout(facts_of: Callable[[LexborNode], Sequence[int]] = walking.node_facts) -> None:
    """Compares what the walk sees of small trees with what selectolax says of them; ImportError where they differ."""
    root = LexborHTMLParser("<p>a<b>ж</b><!--c--></p><i></i>").root
    for node in root.traverse(include_text=True) if root else ():
        near = (node.next, node.prev, node.parent, node.first_child, node.last_child)
        kind = 3 if node.is_text_node else 8 if node.is_comment_node else 1
        told = (node.tag_id, *(other.mem_id if other else 0 for other in near), kind)
        if any(ours != theirs for ours, theirs in zip(facts_of(node), told, strict=True) if theirs):
            raise ImportError(_OTHER_VERSION.format("builds its trees"))
    page = (
        '<body lang=en><p class="a b" id=c hidden>a<b data-x data-much-longer-than-others="1">ж</b><input class="" value=1>'
        '<svg><use xlink:href="#d" href="e"/></svg>'
    )
    html = LexborHTMLParser(page).root
    assert html is not None  # as above
    walk = Walk(bytes(256), blocks=9, elements=9, depth=9, weight=99).over(html)
    if walking.blocks(walk, "", "")[0] != f"a{END}ж{END}" or not walking.called(walk, False, "a b"):
        raise ImportError(_OTHER_VERSION.format("keeps its texts"))
    seen = [(node.mem_id, attributes) for node, _, attributes in walking.elements(walk)]
    if seen != [(node.mem_id, node.attributes) for node in html.traverse()]:
        raise ImportError(_OTHER_VERSION.format("keeps its attributes"))
