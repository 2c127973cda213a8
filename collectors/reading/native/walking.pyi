"""Pages as trees of Lexbor's, walked and made into Python's objects as readers ask for them (`walking/`).

A tree lives as long as what `walk` gave. Numbers of tags and containers are checked, everything else is the caller's duty.
"""

from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

_Attributes = dict[str, str | None]
_Element = tuple[LexborNode, str, _Attributes]
_Join = Callable[[str], str | None]

class Tree:
    """A walked page; at run time a capsule that only this module opens."""

def learn(node: LexborNode, address: int, parser: LexborHTMLParser, tag_names: list[str | None], /) -> None:
    """How objects of this class keep their node and parser, found out from one; names of tags by number."""

def node_facts(node: LexborNode, /) -> list[int]:
    """What a node is taken for: its tag, its next, previous, parent, first and last node, its type."""

def attributes(node: LexborNode, /) -> _Attributes:
    """The same as `node.attributes`, several times faster."""

def visible_text(node: LexborNode, parts: bytes, depth: int, /) -> str:
    """Words below a node with single spaces between; `parts` by tag: 1 has no text, 2 parts words; none below `depth` levels."""

def pieces(
    node: LexborNode, kinds: bytes, pieces: int, nodes: int, source: int, length: int, /
) -> tuple[list[str], list[int], list[tuple[int, int]]]:
    """The texts of an element in order, each in one line, with the addresses of their nodes.

    Blank ones are left out, those of more than `source` characters as they stand in the page, and of more than `length` in one
    line. `kinds` by tag: 1 leaves the text right behind the beginning of such an element out, 2 marks it: the third list has its
    address and how many pieces stand before. At most so many pieces and nodes are looked at.
    """

def texts(node: LexborNode, kinds: bytes, nodes: int, length: int, /) -> list[str] | None:
    """The texts of an element in order, as they stand in the page; None for more nodes below it, or a text of more characters.

    `kinds` by tag: 1 leaves the text right behind the beginning of such an element out.
    """

def words_shown(markup: bytes, most: int, /) -> int:
    """Words of raw markup that a reader sees, counted up to `most` and a little beyond.

    What scripts, styles, titles, templates and drawings hold does not count, nor what stands before the body.
    """

def node_at(near: LexborNode, address: int, /) -> LexborNode:
    """The node at an address that was given for the tree of another node."""

def walk(root: LexborNode, kinds: bytes, blocks: int, elements: int, depth: int, weight: int, /) -> Tree | int:
    """A walk from the root element on; a number for what ended it too early: see layout.Walk."""

def deepest(tree: Tree, /) -> int:
    """Levels of elements around the deepest text."""

def elements(tree: Tree, /) -> list[_Element]: ...
def tagged(tree: Tree, tag: int, /) -> list[_Element]: ...
def counts(tree: Tree, tags: bytes, /) -> list[int]:
    """How many elements of each of these tags there are."""

def attribute_names(tree: Tree, /) -> list[str]: ...
def with_attribute(tree: Tree, name: str, /) -> list[_Element]: ...
def values(tree: Tree, tag: int, /, *names: str) -> list[tuple[str | None, ...]]:
    """What the elements of a tag say in attributes of these names: None for no such one, "" for one without a value."""

def called(tree: Tree, of_id: bool, /, *parts: str) -> list[_Element]:
    """Elements whose class or id holds one of these parts."""

def valued(tree: Tree, name: str, /, *parts: str) -> list[_Element]:
    """Elements that have an attribute whose value holds one of these parts, A-Z read as lower case."""

def links(
    tree: Tree, tag: int, image: int, most: int, most_links: int, most_text: int, origin: str, join: _Join, /
) -> tuple[dict[str, int], list[str], list[str | None]]:
    """Where elements of a tag lead, each address once, as keys; the first text and the first rel of each.

    Of the first `most` elements with a tag, until so many links are found. An address is a plain href as it stands, behind
    `origin` if need be ("" = unknown); `join` gives it for others, or None. A text is in one line, the beginning of it, or
    nothing where `most_text` is 0; a link without one is called by its title, its aria-label, or the alt of its first element
    with the tag `image`.
    """

def in_order(tree: Tree, /, *groups: list[_Element]) -> list[_Element]:
    """Elements of the tree, each once and in document order."""

def blocks(tree: Tree, plain: str, first: str, /) -> tuple[
    str, bytes, bytearray, bytearray, list[str], list[str], list[str], list[str], dict[int, str], dict[int, str], bytes
]:  # fmt: skip
    """The fields of Blocks in their order, tables as 32-bit numbers by column.

    `plain` is the tag of containers without a known one, `first` that of the first.
    """

def container_node(tree: Tree, container: int, /) -> LexborNode: ...
