"""The text of one element: words of neighbouring blocks kept apart, scripts left out, white space collapsed."""

from selectolax.lexbor import LexborNode

_SKIPPED = frozenset(("script", "style", "noscript", "template"))
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    )
)
MAX_DEPTH = 200  # elements below this depth give no text


def text_of(node: LexborNode) -> str:
    """The visible words of a node, single spaces between them; empty when there are none."""
    first = node.first_child
    if first is None:
        return ""
    if first.is_text_node and first.next is None:
        return " ".join((first.text_content or "").split())
    parts: list[str] = []
    _collect(node, parts, MAX_DEPTH)
    return " ".join("".join(parts).split())


def _collect(node: LexborNode, parts: list[str], depth: int) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag in _SKIPPED:
            continue
        elif tag in _BLOCKS:
            parts.append(" ")
            if depth:
                _collect(child, parts, depth - 1)
            parts.append(" ")
        elif depth:
            _collect(child, parts, depth - 1)
