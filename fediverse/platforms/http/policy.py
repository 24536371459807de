"""What may be spoken to, and how much of an answer is taken. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fediverse.platforms.errors import Refused

if TYPE_CHECKING:
    from fediverse.platforms.addresses import Network

HTTPS_PORT: Final = 443
MAX_URL: Final = 4096
MAX_HOST: Final = 253
PRIVATE_NAMES: Final = frozenset(
    ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "private"]
) | frozenset(["test", "invalid", "onion", "arpa", "alt"])


@dataclass(frozen=True, kw_only=True)
class HttpPolicy:
    """`local` are (host, port) pairs that may be non-public, and plain http.

    `deadline` is for a whole exchange, in seconds, from the look-up of the name to the last byte.
    `max_bytes` bounds a body twice, as it comes and unpacked.
    """

    local: frozenset[tuple[str, int]] = frozenset()
    extra_denied: tuple[Network, ...] = ()
    deadline: float = 10.0
    max_bytes: int = 2 * 1024 * 1024
    user_agent: str = "FediverseHub"


@dataclass(frozen=True, kw_only=True)
class Target:
    """An address that was taken apart once, and is never read again in another way."""

    scheme: str
    host: str
    port: int
    path: str
    is_local: bool


def parse_target(url: str, policy: HttpPolicy) -> Target:
    """Return where a URL leads, or raise Refused.

    Only https on its own port to a name with two labels or more is allowed, and what is `local`.
    An IP address in any spelling is never a name.
    """
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused("The address has characters or a length that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": HTTPS_PORT, "http": 80}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Refused("The address is not one of http or https.") from error
    host = (parts.hostname or "").rstrip(".")
    if "@" in parts.netloc or not host:
        raise Refused("The address must not name a user, and must name a host.")
    is_local = (host, port) in policy.local
    if not is_local and not (
        parts.scheme == "https" and port == HTTPS_PORT and _is_public_name(host)
    ):
        raise Refused("Only https to a public host name on the usual port is allowed.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port, path=path, is_local=is_local)


def _is_public_name(host: str) -> bool:
    labels = host.split(".")
    last = labels[-1]
    return (
        len(labels) > 1
        and all(labels)
        and len(host) <= MAX_HOST
        and ":" not in host
        and any(letter.isalpha() for letter in last)
        and not last.startswith("0x")
        and last not in PRIVATE_NAMES
    )
