"""Targets that sources share a spelling of."""

from collectors.urls import host_of, normalise_url


def web_address(target: str) -> str:
    """The normal spelling of an address; https where no scheme is given. ValueError when it has no host."""
    url = normalise_url(target if "://" in target else f"https://{target}")
    if not host_of(url):
        raise ValueError(f'"{target}" is not an address')
    return url
