"""How a source's secret is applied to a request, after its fingerprint is taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer <secret>`."""

    key: str = "token"


@dataclass(frozen=True, slots=True)
class Query:
    """The secret as a query parameter."""

    name: str
    key: str = "token"


Auth = Bearer | Query
