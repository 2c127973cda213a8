"""Which addresses may be asked: public ones on ports where the web is served.

The table is our own: `ipaddress.is_global` differs between Python versions and calls NAT64, 6to4 and multicast public.
Blocks: IANA special-purpose registries (RFC 6890 and successors). Ports: the WHATWG fetch list plus databases and control planes.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import can_ada

from collectors.failures import FetchError
from collectors.urls import LONGEST_URL

_DENIED = {
    4: tuple(
        (ip_network(block), meaning)
        for block, meaning in (
            ("0.0.0.0/8", "this network"),
            ("10.0.0.0/8", "private"),
            ("100.64.0.0/10", "carrier-grade NAT"),
            ("127.0.0.0/8", "loopback"),
            ("169.254.0.0/16", "link-local"),
            ("172.16.0.0/12", "private"),
            ("192.0.0.0/24", "protocol assignments"),
            ("192.0.2.0/24", "documentation"),
            ("192.31.196.0/24", "AS112"),
            ("192.52.193.0/24", "multicast tunnelling"),
            ("192.88.99.0/24", "6to4 relay"),
            ("192.168.0.0/16", "private"),
            ("192.175.48.0/24", "AS112"),
            ("198.18.0.0/15", "benchmarking"),
            ("198.51.100.0/24", "documentation"),
            ("203.0.113.0/24", "documentation"),
            ("224.0.0.0/4", "multicast"),
            ("240.0.0.0/4", "reserved"),
        )
    ),
    6: tuple(
        (ip_network(block), meaning)
        for block, meaning in (
            ("::/96", "IPv4-compatible, unspecified or loopback"),
            ("64:ff9b:1::/48", "local NAT64"),
            ("100::/64", "discard"),
            ("100:0:0:1::/64", "dummy"),
            ("2001::/23", "protocol assignments, Teredo and ORCHID among them"),
            ("2001:db8::/32", "documentation"),
            ("2002::/16", "6to4"),
            ("2620:4f:8000::/48", "AS112"),
            ("3fff::/20", "documentation"),
            ("5f00::/16", "segment routing"),
            ("fc00::/7", "private"),
            ("fe80::/10", "link-local"),
            ("fec0::/10", "site-local"),
            ("ff00::/8", "multicast"),
        )
    ),
}
_GLOBAL_6 = ip_network("2000::/3")
_MAPPED = ip_network("::ffff:0:0/96")
_TRANSLATED = ip_network("::ffff:0:0:0/96")
_NAT64 = ip_network("64:ff9b::/96")

METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.169.253",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
_METADATA_NAMES = frozenset(
    (
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.packet.net",
        "metadata.platformequinix.com",
    )
)
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain", ".onion")

# https://fetch.spec.whatwg.org/#port-blocking, then databases, brokers and control planes.
# fmt: off
DENIED_PORTS = frozenset((
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    445, 873, 1433, 1521, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5433, 5672, 5900, 5984, 6379, 6443, 7001,
    8086, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 27017, 27018, 50070,
))
# fmt: on


@lru_cache(maxsize=4096)
def denied_address(text: str) -> str:
    """Why an IP address may not be asked; empty for a public one. IPv4 hidden inside IPv6 is judged by what it hides."""
    try:
        address = ip_address(text)
    except ValueError:
        return "not an address"
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return "an address with a zone"
        hidden = _hidden_ipv4(address)
        if hidden is not None and (reason := denied_address(str(hidden))):
            return f"{reason} (as {hidden} inside {address})"
        if address in _MAPPED or address in _NAT64:
            return ""
        if address not in _GLOBAL_6 and not any(address in block for block, _ in _DENIED[6]):
            return "outside the global range"
    if address in METADATA:
        return "cloud metadata"
    return next((meaning for block, meaning in _DENIED[address.version] if address in block), "")


@lru_cache(maxsize=4096)
def is_metadata(text: str) -> bool:
    """Cloud metadata is never asked, not even where private hosts are allowed."""
    address = ip_address(text)
    hidden = _hidden_ipv4(address) if isinstance(address, IPv6Address) else None
    return address in METADATA or hidden in METADATA


@lru_cache(maxsize=4096)
def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _hidden_ipv4(address: IPv6Address) -> IPv4Address | None:
    if address in _MAPPED or address in _TRANSLATED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if (int(address) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE:  # ISATAP, RFC 5214
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class Guard:
    """Says no to URLs and addresses that must not be asked.

    `allow_private_hosts` opens private addresses: all of them, or those of the hosts named (names or addresses, without port).
    """

    def __init__(self, allow_private_hosts: frozenset[str] | bool = False) -> None:
        self._allowed = allow_private_hosts
        self._passes = lru_cache(maxsize=4096)(self._check_host)  # what is refused raises, and is not remembered

    def _is_allowed(self, host: str) -> bool:
        return self._allowed if isinstance(self._allowed, bool) else host in self._allowed

    def check_url(self, url: str) -> can_ada.URL:
        """The URL parsed, where it may be asked; raises FetchError (scheme, guard) where not."""
        if len(url) > LONGEST_URL:
            raise FetchError("guard", f"the URL has {len(url)} characters, more than {LONGEST_URL}")
        try:
            parts = can_ada.parse(url)
        except ValueError:
            raise FetchError("guard", f"not a URL: {url[:200]!r}") from None
        if parts.protocol not in ("http:", "https:"):
            raise FetchError("scheme", f"only http and https are asked, not {parts.protocol[:40]}")
        if parts.has_credentials():
            raise FetchError("guard", f"a user name or password in the URL of {parts.hostname}")
        self._passes(parts.hostname, parts.port)
        return parts

    def _check_host(self, hostname: str, port: str) -> None:
        """Raises FetchError (guard) for a host, or a port of it, that may not be asked."""
        host = hostname.strip("[]").rstrip(".")
        if not host or ".." in host or len(host) > 253 or (":" not in host and any(len(label) > 63 for label in host.split("."))):
            raise FetchError("guard", f"not a host name: {host[:80]!r}")
        if port and int(port) in DENIED_PORTS:
            raise FetchError("guard", f"port {port} of {host} is not one where the web is served")
        if host in _METADATA_NAMES:
            raise FetchError("guard", f"{host} is a cloud metadata name")
        is_local = ("." not in host and ":" not in host) or host.endswith(_LOCAL_SUFFIXES)
        if is_local and not self._is_allowed(host):
            raise FetchError("guard", f"{host} is a local name; allow_private_hosts in the settings would allow it")
        if _is_address(host):
            self.check_address(host, host)

    def check_address(self, host: str, address: str) -> None:
        """Raises FetchError (guard) when `address`, which `host` resolved to or a connection reached, may not be asked."""
        reason = denied_address(address)
        if not reason:
            return
        is_never = not _is_address(address) or is_metadata(address)
        if self._is_allowed(host) and not is_never:
            return
        hint = "" if is_never else "; allow_private_hosts in the settings would allow it"
        raise FetchError("guard", f"{host} leads to {address}: {reason}{hint}")
