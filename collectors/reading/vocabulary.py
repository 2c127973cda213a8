"""Names of vocabularies: schema.org terms are kept bare, terms of others with their full address."""

import re

_SCHEMA = re.compile(r"(?i)^\s*(?:https?:/{1,2}(?:www\.)?schema\.org/+(?:#)?|schema:|s:(?=[A-Za-z]))")
_LEGACY = re.compile(r"(?i)^\s*(?:https?://(?:www\.|rdf\.)?data-vocabulary\.org/#?|v:(?=[A-Za-z]))")
_USUAL = ("http://schema.org/", "https://schema.org/")  # nearly all, known without a pattern


def bare_type(address: str) -> str:
    """`https://schema.org/Product` and `schema:Product` are `Product`; so are the terms of the old data-vocabulary.org."""
    address = address.strip()
    if ":" not in address:
        return address
    for usual in _USUAL:
        if address.startswith(usual) and address[len(usual) :].isalnum():
            return address[len(usual) :]
    for pattern in (_SCHEMA, _LEGACY):
        if match := pattern.match(address):
            return address[match.end() :].strip("/") or address
    return address


def bare_property(name: str) -> str:
    """`http://schema.org/name` and `schema:name` are `name`; names of other vocabularies stay as they are."""
    if ":" not in name:
        return name.strip()
    match = _SCHEMA.match(name) or _LEGACY.match(name)
    return name[match.end() :] if match else name
