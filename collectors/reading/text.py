"""Plain text of an HTML fragment."""

from __future__ import annotations

from collectors.reading.bounds import check_bounds
from collectors.reading.document import read_document


def text_from_html(html: str) -> str:
    """Text with one line per paragraph, list item or line break; entities decoded, scripts left out.

    Raises PageError for a fragment that cannot be parsed within bounds.
    """
    if "<" not in html and "&" not in html:
        return "\n".join(line for line in (" ".join(part.split()) for part in html.splitlines()) if line)
    check_bounds(html)
    return "\n".join(read_document(html).blocks.texts)
