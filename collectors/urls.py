"""One identity per page: URL parsing, joining, normalising, registrable domains."""

from urllib.parse import urlsplit, urlunsplit


def normalise_url(url: str) -> str:
    """The one spelling of a URL under which a page is known."""
    parts = urlsplit(url.strip())
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, ""))
