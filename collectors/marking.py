"""Russian ad marking as columns of a publication."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors.reading.ad_marking import read_ad_marking


def ad_columns(text: str, urls: Iterable[str] = ()) -> dict[str, Any]:
    """The `is_ad` and `ad_*` fields of a Publication by its text and links; none of them where nothing marks it."""
    marking = read_ad_marking(text, urls)
    if marking is None:
        return {}
    return {
        "is_ad": marking.is_ad,
        "ad_erid": marking.erid,
        "ad_payer_name": marking.payer_name,
        "ad_payer_inn": marking.payer_inn,
        "ad_evidence": marking.evidence,
    }
