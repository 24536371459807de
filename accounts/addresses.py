"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    class HasMeta(Protocol):
        """A request of Django or DRF."""

        @property
        def META(self) -> Mapping[str, Any]: ...  # noqa: N802  (Django's name)


# Stands for whatever is no address, such as the other end of a Unix socket.
UNKNOWN: Final = "0.0.0.0"  # noqa: S104  (nothing is bound to it)
# What one subscriber is given at the least, so that they count as one.
IPV6_PREFIX: Final = 64
_WITH_PORT: Final = re.compile(
    r"(?P<v4>[0-9.]+):[0-9]{1,5}|\[(?P<v6>[0-9A-Fa-f:.]+)\](:[0-9]{1,5})?"
)


def client_address(request: HasMeta) -> str:
    """Return the address that a request comes from, UNKNOWN if it is none; IPv6 is cut to its /64.

    Behind NUM_PROXIES proxies that is what the outermost of them saw: the n-th entry of
    X-Forwarded-For from the right. What stands left of it was written by the caller. A request with
    fewer entries did not come through all of them.
    """
    seen = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    entries = [entry.strip() for entry in forwarded.split(",") if entry.strip()]
    proxies = settings.NUM_PROXIES
    if proxies and len(entries) >= proxies:
        seen = entries[-proxies]
    return _normalised(seen)


def _without_port(text: str) -> str:
    """Return the address in `1.2.3.4:5`, `[2001:db8::1]:5` or `[2001:db8::1]`."""
    if found := _WITH_PORT.fullmatch(text):
        return found["v6"] or found["v4"]
    return text


def _normalised(text: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(_without_port(text))
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False).network_address)
    return str(address)
