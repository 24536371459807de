"""Which IP addresses may be spoken to. Pure.

The lists are written out, after IANA's registries of special-purpose addresses: what Python's
`is_global` says differs between its patch releases, and is wrong about embedded IPv4 addresses.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

DENIED_V4: Final = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own server, on a public address
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
ALLOWED_V6: Final = IPv6Network("2000::/3")
DENIED_V6: Final = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4, which embeds any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]
EMBEDDED_V4: Final = [IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")]

Network = IPv4Network | IPv6Network


def is_public(address: str, extra_denied: Sequence[Network] = ()) -> bool:
    """Say whether an IP address literal is one of the public internet, and not denied besides.

    An IPv4 address inside a mapped or NAT64 address is judged as itself. What is no address is
    not public.
    """
    try:
        parsed = _unwrapped(ip_address(address))
    except ValueError:
        return False
    if any(parsed.version == net.version and parsed in net for net in extra_denied):
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in net for net in DENIED_V4)
    return parsed in ALLOWED_V6 and not any(parsed in net for net in DENIED_V6)


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks from their notation. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and any(address in net for net in EMBEDDED_V4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
