"""What stands between the web server and Django: bodies are read first, and few run at once.

The web server has hundreds of threads, so that slow clients hold none that others need. Were all of
them let into Django, a burst of requests would share the processor and the pool of connections
until nobody is answered in time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Environ = dict[str, Any]
    Application = Callable[[Environ, Any], Iterable[bytes]]

HEALTH_PATH: Final = "/health"
BULK_PATH: Final = "/api/queue/jobs/bulk"
# Where the WSGI environment says why a request is not to be answered, and what it may say.
REFUSAL: Final = "hub.refusal"
BUSY: Final = "busy"
TOO_SLOW: Final = "too_slow"
# How many requests a process works on. The others wait, in the order in which they came.
ACTIVE_REQUESTS: Final = 16
WAIT_SECONDS: Final = 10.0
# How much memory the bodies of all requests may take that are larger than most are allowed to be.
LARGE_BYTES: Final = 64 * 1024 * 1024
SMALL_BYTES: Final = 128 * 1024
CHUNK_BYTES: Final = 64 * 1024


def most_bytes(path: str) -> int:
    """Return how large the body of a request to a path may be."""
    is_bulk = path.rstrip("/") == BULK_PATH
    most: int = settings.API_MAX_BULK_BYTES if is_bulk else settings.API_MAX_BODY_BYTES
    return most


class Memory:
    """Bytes that may be held at once, by whoever asks for them."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether there was room for so many bytes, which are now to be given back."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Make room again."""
        with self._lock:
            self._left += size


class Admission:
    """A WSGI application that passes whole requests on to another one, and so many at once.

    What it refuses it marks with REFUSAL, for the middleware that answers all refusals. /health is
    never kept waiting. The answers themselves, streams among them, are sent outside of the turn.
    """

    def __init__(self, application: Application, active: int = ACTIVE_REQUESTS) -> None:
        self._application = application
        self._turns = threading.BoundedSemaphore(active)
        self._memory = Memory(LARGE_BYTES)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        with self._with_body(environ):
            if environ["PATH_INFO"].rstrip("/") == HEALTH_PATH:
                return self._application(environ, start_response)
            if not self._turns.acquire(timeout=WAIT_SECONDS):
                environ[REFUSAL] = BUSY
                return self._application(environ, start_response)
            try:
                return self._application(environ, start_response)
            finally:
                self._turns.release()

    @contextmanager
    def _with_body(self, environ: Environ) -> Iterator[None]:
        """Read the body into memory, where a slow client cannot hold a turn with it."""
        length = expected_bytes(environ)
        reserved = length if length > SMALL_BYTES else 0
        if not self._memory.take(reserved):
            environ[REFUSAL] = BUSY
            reserved = length = 0
        try:
            if length:
                body = read(environ["wsgi.input"], length)
                environ["wsgi.input"] = BytesIO(body)
                if len(body) < length:
                    environ[REFUSAL] = TOO_SLOW
            yield
        finally:
            self._memory.give_back(reserved)


def expected_bytes(environ: Environ) -> int:
    """Return how long the body is; 0 for one that is refused without being read."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if environ.get("HTTP_TRANSFER_ENCODING") or not (length.isascii() and length.isdecimal()):
        return 0
    size = int(length[:19])
    return size if size <= most_bytes(environ["PATH_INFO"]) else 0


def read(source: Any, length: int) -> bytes:
    """Return so many bytes, or fewer if no more come."""
    body = bytearray()
    while len(body) < length and (more := source.read(min(CHUNK_BYTES, length - len(body)))):
        body += more
    return bytes(body)
