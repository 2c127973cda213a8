"""What the sources of Apple's App Store share: how an app and its storefront are named."""

import re
from collections.abc import Mapping
from typing import Any

from collectors.source import Watch

TARGET = "an app id (1700000001), one with its storefront (ru/1700000001), or the app's address in the store"
TARGET_PATTERN = r"(?:[a-z]{2}/)?[0-9]{5,12}"
DEFAULT_COUNTRY = "us"  # what Apple answers for when no storefront is named
PACE_SECONDS = 3.5  # 20 calls a minute from one address, whatever they ask
TERMS_URL = "https://www.apple.com/legal/internet-services/itunes/"


def canonical_target(target: str) -> str:
    """`ru/1700000001` from an address in the store; an id stays an id."""
    if address := re.search(r"apple\.com/(?:([a-z]{2})/)?(?:.*/)?id([0-9]+)", target.lower()):
        return "/".join(part for part in address.groups() if part)
    return target.lower()


def canonical_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the country in lower case; ValueError when it is no two-letter code."""
    if "country" not in options:
        return dict(options)
    country = str(options["country"]).lower()
    if not re.fullmatch("[a-z]{2}", country):
        raise ValueError(f'country "{options["country"]}" is not a two-letter code')
    return {**options, "country": country}


def app_and_country(watch: Watch) -> tuple[str, str]:
    """App id and storefront of a watch; the option outweighs the target."""
    named, _, app_id = watch.target.rpartition("/")
    return app_id, watch.options.get("country") or named or DEFAULT_COUNTRY
