"""Connections to addresses that were checked, within one deadline."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, Final

from httpcore2 import ConnectError, ConnectTimeout, NetworkBackend, NetworkStream, SyncBackend

from fediverse.platforms.addresses import is_public
from fediverse.platforms.errors import Refused, Transient

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from httpcore2 import SOCKET_OPTION

    from fediverse.platforms.http.policy import HttpPolicy, Target

    Resolve = Callable[[str, int], list[str]]

MAX_LOOKUP_SECONDS: Final = 3.0
MAX_ADDRESSES: Final = 3
# A look-up cannot be given up, only left behind: a few slow ones must not become many threads.
_lookups = ThreadPoolExecutor(8, thread_name_prefix="lookup")


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """The moment by which an exchange must be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Return the seconds that are left, `most` at most. Raises Transient if there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise Transient("The server took too long.")
        return left if most is None else min(left, most)


class GuardedBackend(NetworkBackend):
    """Looks a name up once, checks every address, and connects to one that was checked.

    A name that has one bad address is refused as a whole: which of them a later look-up would give
    is up to its owner.
    """

    def __init__(
        self, target: Target, policy: HttpPolicy, deadline: Deadline, resolver: Resolve
    ) -> None:
        self._target = target
        self._policy = policy
        self._deadline = deadline
        self._resolver = resolver
        self._backend = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Connect to the first of three checked addresses that answers."""
        error: Exception = ConnectError("no address")
        for address in self._checked(host, port)[:MAX_ADDRESSES]:
            try:
                stream = self._backend.connect_tcp(
                    address, port, timeout=self._deadline.left(), socket_options=socket_options
                )
                return TimedStream(stream, self._deadline)
            except (ConnectError, ConnectTimeout) as failure:
                error = failure
        raise error

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Refuse: no server of the fediverse is a file."""
        raise Refused("Sockets in files are not spoken to.")

    def _checked(self, host: str, port: int) -> list[str]:
        addresses = self._look_up(host, port)
        if self._target.is_local:
            return addresses
        if not all(is_public(address, self._policy.extra_denied) for address in addresses):
            raise Refused("The host has an address that is not of the public internet.")
        return addresses

    def _look_up(self, host: str, port: int) -> list[str]:
        future = _lookups.submit(self._resolver, host, port)
        try:
            addresses = future.result(self._deadline.left(MAX_LOOKUP_SECONDS))
        except FutureTimeoutError as error:
            future.cancel()
            raise Transient("The host's name could not be looked up in time.") from error
        except (OSError, UnicodeError) as error:
            raise Transient("The host's name could not be looked up.") from error
        if not addresses:
            raise Transient("The host's name has no address.")
        return addresses


class TimedStream(NetworkStream):
    """A connection whose every step ends by the exchange's deadline.

    A timeout for each step alone would let a server drip one byte at a time, for ever.
    """

    def __init__(self, stream: NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
