"""The origin of an instance, in one spelling. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
MAX_HOST: Final = 253


class OriginError(ValueError):
    """An address that is no origin of an instance; the message says what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`base_url` is scheme and authority alone; `host` has the port unless it is the default."""

    base_url: str
    host: str


def parse_origin(text: str, *, local: Collection[tuple[str, int]] = ()) -> Origin:
    """Return the normalised origin of `https://host[:port]`, a slash at its end being ignored.

    Plain http, a port and an address literal are for the (host, port) pairs of `local` alone.
    Whether the host may be spoken to is decided where the connection is made. Raises OriginError.
    """
    parts = _split(text)
    try:
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError) as error:
        raise OriginError("has a host or a port that cannot be read.") from error
    if (host, port) not in local:
        _refuse_strange(parts.scheme, host, port)
    shown = host if port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    return Origin(base_url=f"{parts.scheme}://{shown}", host=shown)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise OriginError("is not an address.") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise OriginError("must look like https://instance.example.")
    if not text.isprintable() or " " in text or "@" in parts.netloc:
        raise OriginError("must not hold spaces, control characters or a user name.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise OriginError("must end after the host.")
    return parts


def _refuse_strange(scheme: str, host: str, port: int) -> None:
    if scheme != "https" or port != DEFAULT_PORTS["https"]:
        raise OriginError("must be https on its usual port.")
    *labels, last = host.split(".")
    if len(host) > MAX_HOST or not labels or "" in labels or not last.strip("0123456789"):
        raise OriginError("must name a host such as instance.example.")
