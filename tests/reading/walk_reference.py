"""The walks over a page, slow and obvious: what native/walking is compared with."""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.document import BLOCK, CLOSED, INLINE

PLAYERS = {"audio", "object", "video"}
KNOWN = {*BLOCK.split(), *CLOSED.split(), *INLINE.split()}


@dataclass
class Reference:
    elements: list[str] = field(default_factory=list)  # tags, from the body on
    blocks: list[tuple[str, int, int, int, int]] = field(default_factory=list)  # text, container, link_chars, links, images
    containers: list[list[object]] = field(default_factory=list)  # parent, tag, names, hidden, start, end, depth
    parts: list[str] = field(default_factory=list)
    gap: bool = False
    link_chars: int = 0
    links: int = 0
    images: int = 0
    in_link: int = 0
    in_pre: int = 0

    def flush(self, container: int) -> None:
        joined = "".join(self.parts)
        self.parts = []
        text = joined.strip("\n") if self.in_pre else folded(joined)
        if text and not text.isspace():
            self.blocks.append((text, container, min(self.link_chars, len(text)), self.links, self.images))
        self.link_chars = self.links = self.images = 0

    def block(self, node: LexborNode, tag: str, parent: int, depth: int, hidden: bool) -> None:
        attributes = node.attributes
        get = attributes.get
        hidden = (
            hidden
            or "hidden" in attributes
            or get("aria-hidden") == "true"
            or "display:none" in (get("style") or "").replace(" ", "")
        )
        names = f"{get('class') or ''} {get('id') or ''}" if attributes else ""
        container, start = len(self.containers), len(self.blocks)
        self.containers.append([parent, tag if tag in KNOWN else "div", names, hidden, start, 0, depth])
        self.in_pre += tag == "pre"
        self.inside(node, container, depth, hidden)
        if self.parts:
            self.flush(container)
        self.gap = False
        self.links = self.images = 0
        self.in_pre -= tag == "pre"
        if len(self.blocks) == start and container == len(self.containers) - 1:
            self.containers.pop()
        else:
            self.containers[container][5] = len(self.blocks)

    def inside(self, node: LexborNode, container: int, depth: int, hidden: bool) -> None:
        for child in node.iter(include_text=True, skip_empty=not self.in_pre):
            if child.is_text_node:
                text = child.text_content or ""
                self.parts.append(text)
                self.gap = False
                self.link_chars += len(text.strip()) if self.in_link else 0
            elif not child.is_comment_node:
                self.element(child, container, depth, hidden)

    def element(self, node: LexborNode, container: int, depth: int, hidden: bool) -> None:
        tag = node.tag or ""
        self.elements.append(tag)
        if tag in CLOSED.split():
            inner = [n for n in node.traverse() if n.mem_id != node.mem_id and n.is_element_node and "itemprop" in n.attributes]
            self.elements += [n.tag or "" for n in inner] if tag in PLAYERS else []
        elif tag == "img":
            self.images += 1
        elif tag in INLINE.split():
            if self.gap:
                self.parts.append(" ")
            self.gap = False
            self.in_link += tag == "a"
            self.links += tag == "a"
            self.inside(node, container, depth + 1, hidden)
            self.in_link -= tag == "a"
            self.gap = bool(self.parts)
        elif tag == "br":
            self.line_break(container)
        else:
            if self.parts:
                self.flush(container)
            self.gap = False
            self.links = self.images = 0
            self.block(node, tag, container, depth + 1, hidden)

    def line_break(self, container: int) -> None:
        if self.in_pre:
            self.parts.append("\n")
        elif self.parts and self.parts[-1] == "\f":
            self.flush(container)
        elif self.parts:
            self.parts.append("\f")
        self.gap = False


def folded(text: str) -> str:
    return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\f")) if line)


def walk_slowly(html: str) -> Reference:
    tree = LexborHTMLParser(html)
    reference = Reference(elements=["body"])
    body = tree.body or tree.root
    assert body is not None
    reference.block(body, "body", -1, 0, False)
    return reference


def texts_slowly(body: LexborNode, silent: set[str], most_nodes: int, length: int) -> list[str] | None:
    """The texts as they stand; None for more nodes below the body, or a longer text."""
    texts: list[str] = []
    before = None
    for number, node in enumerate(body.traverse(include_text=True)):
        text = node.text_content or "" if node.is_text_node and before not in silent else None
        if number > most_nodes or len(text or "") > length:
            return None
        if text is not None:
            texts.append(text)
        before = node.tag
    return texts


def pieces_slowly(
    body: LexborNode, silent: set[str], marked: set[str], source: int, length: int
) -> tuple[list[str], list[int], list[tuple[int, int]]]:
    """The texts, their nodes, and each element marked with the number of pieces before it."""
    texts: list[str] = []
    nodes: list[int] = []
    marks: list[tuple[int, int]] = []
    is_silent = False
    for node in body.traverse(include_text=True, skip_empty=True):
        if not node.is_text_node:
            is_silent = node.tag in silent
            if node.tag in marked:
                marks.append((node.mem_id, len(texts)))
            continue
        text = node.text_content or ""
        shown = " ".join(text.split())
        if shown and not is_silent and len(text) <= source and len(shown) <= length:
            texts.append(shown)
            nodes.append(node.mem_id)
        is_silent = False
    return texts, nodes, marks
