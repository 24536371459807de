"""gunicorn's threads, so many of them that slow clients hold none that others need.

A connection takes a thread while its request is read and answered. Threads that wait for a client
cost next to nothing, so there are hundreds; how many requests Django works on at once is decided
by `fediverse.admission`. What is bounded here is for how long a client may keep a thread waiting.
"""

from __future__ import annotations

import errno
import socket
import time
from typing import Any, Final

from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

# How long a client may keep us waiting for its head, for its body, and for room to send the answer.
# In all, not for each byte.
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 60.0
# Of a head in all, as nginx has it. gunicorn bounds each line and their number, which lets 800 KB
# in, and what reads cookies takes time by the square of their length.
HEAD_BYTES: Final = 32 * 1024
# A connection that is closed while bytes of the client are unread is reset, and the answer lost.
LINGER_SECONDS: Final = 2.0
# To a socket, 0 seconds would mean not to wait and to raise another error.
LEAST_SECONDS: Final = 0.001


class ClientSocket(socket.socket):
    """A connection to a client that may keep us waiting for so long, and then counts as gone.

    Only the time spent in waiting for the client counts: a stream of events may pause for long.
    """

    _to_read = HEAD_SECONDS
    _to_write = ANSWER_SECONDS
    _bytes_left: int | None = None
    _is_gone = False

    def allow(self, *, to_read: float, most_bytes: int | None = None) -> None:
        """Give the client so many seconds to send, from now on, and time to take an answer.

        With `most_bytes`, a head that goes on after so many is refused: LimitRequestHeaders.
        """
        self._to_read, self._to_write = to_read, ANSWER_SECONDS
        self._bytes_left = most_bytes

    def close_gently(self) -> None:
        """Close the connection once the client has, or has had some time to read what was sent."""
        # What it sends meanwhile is thrown away, so nothing is mistaken for a request.
        self._is_gone = False
        self.allow(to_read=LINGER_SECONDS)
        close_graceful(self, LINGER_SECONDS)

    def recv(self, *arguments: Any) -> bytes:
        """Receive as sockets do; nothing, as if the client had hung up, when its time is spent."""
        if self._is_gone:
            return b""
        if self._bytes_left is not None and self._bytes_left <= 0:
            raise LimitRequestHeaders(f"more than {HEAD_BYTES} bytes")
        self.settimeout(max(self._to_read, LEAST_SECONDS))
        began = time.monotonic()
        try:
            data = super().recv(*arguments)
        except TimeoutError:
            # For good: bytes that come later must not be taken for another request.
            self._is_gone = True
            return b""
        finally:
            self._to_read -= time.monotonic() - began
        if self._bytes_left is not None:
            self._bytes_left -= len(data)
        return data

    def sendall(self, data: Any, *flags: int) -> None:
        """Send as sockets do. Raises BrokenPipeError when the client's time is spent."""
        self.settimeout(max(self._to_write, LEAST_SECONDS))
        began = time.monotonic()
        try:
            super().sendall(data, *flags)
        except TimeoutError as error:
            self._is_gone = True
            raise BrokenPipeError(errno.EPIPE, "The client takes nothing.") from error
        finally:
            self._to_write -= time.monotonic() - began


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A client's connection, which the main thread never waits for."""

    sock: ClientSocket

    def close(self, graceful: bool = False) -> None:
        """Close it at once: this runs in the thread that accepts connections for everybody."""
        super().close()


class HubWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, for clients that have only so much time."""

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and give it to a thread."""
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        client = ClientSocket(fileno=accepted.detach())
        conn = Connection(self.cfg, client, address, listener.getsockname())
        # Else it would be waited for twice, with a time of its own for the first byte.
        conn.data_ready = True
        self.enqueue_req(conn)

    def handle(self, conn: Connection) -> Any:
        """Answer a request, and close the connection here if no other may follow."""
        conn.sock.allow(to_read=HEAD_SECONDS, most_bytes=HEAD_BYTES)
        goes_on = super().handle(conn)
        if not goes_on:
            conn.sock.close_gently()
        return goes_on

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer a request whose head was read."""
        conn.sock.allow(to_read=BODY_SECONDS)
        return super().handle_request(req, conn)


class PathLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Logs requests by their paths: what comes after a question mark may be secret or personal."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> Any:
        """Return what a log format may name, without queries, referers and user names."""
        atoms = super().atoms(resp, req, environ, request_time)
        # Not PATH_INFO, which is decoded and may hold line ends.
        path = str(environ.get("RAW_URI", "")).partition("?")[0]
        line = f"{environ.get('REQUEST_METHOD')} {path} {environ.get('SERVER_PROTOCOL')}"
        return {**atoms, "r": line, "U": path, "q": "", "f": "-", "u": "-"}
