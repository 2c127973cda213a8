"""The contact that stands in the user agent of every request: what a header can carry, and a site's owner can use."""

from __future__ import annotations

import re

import can_ada

_USABLE = re.compile(r"https?://\S+\.\S+|\S+@\S+\.\S+")
_HOST = re.compile(r"(?<=://)[\w.-]+|(?<=@)[\w.-]+")


def sendable_contact(text: str) -> str:
    """The contact as it is sent, host names in ASCII (`xn--…`); empty stays empty. ValueError says what would be right."""
    text = text.strip()
    if not text:
        return ""
    if not text.isprintable():
        raise ValueError("a line break or another control character is in it: it is sent in a header, which is one line")
    if not _USABLE.search(text):
        raise ValueError(f"{text!r} is no URL (https://…) or mail address (name@host) by which a site's owner could reach you")
    sent = _HOST.sub(lambda host: can_ada.idna_encode(host.group()).decode("ascii") or host.group(), text)
    if odd := re.search(r"[^\x20-\x7e]+", sent):
        raise ValueError(
            f"{odd.group()!r} cannot be sent in a header: write it in Latin letters (the name of a host may be in any script)"
        )
    return sent
