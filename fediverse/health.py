"""`/health`: is each part there? Answers within a second even when a part hangs."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from django.db import Error as DatabaseError
from django.db import connection, connections
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from queues.stamps import stamp
from queues.transport.client import ping

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

CONNECTED: Final = "connected"
DISCONNECTED: Final = "disconnected"
PATIENCE_SECONDS: Final = 0.7
FRESH_SECONDS: Final = 1.0


class Probe:
    """Asks one part, in a thread of its own and never twice at once.

    A part that hangs costs one thread however often it is asked about, and its answer counts for
    a second, so that nobody can load a part by asking.
    """

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer = DISCONNECTED
        self._answered_at = float("-inf")
        self._running: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ask, unless the last answer is fresh or the last question still open."""
        with self._lock:
            is_fresh = time.monotonic() - self._answered_at < FRESH_SECONDS
            if is_fresh or (self._running and self._running.is_alive()):
                return
            self._running = threading.Thread(target=self._run, daemon=True)
            self._running.start()

    def answer(self, deadline: float) -> str:
        """Return the answer; without one by the deadline the part counts as disconnected."""
        thread = self._running
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return DISCONNECTED
        return self._answer

    def _run(self) -> None:
        try:
            self._ask()
            self._answer = CONNECTED
        except (DatabaseError, RedisError, OSError):
            self._answer = DISCONNECTED
        finally:
            self._answered_at = time.monotonic()
            connections.close_all()


def ask_database() -> None:
    """Raise a database error unless Postgres answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probes() -> dict[str, Probe]:
    """Return what to ask for each part. Clients know Redis by two names, and it is asked once."""
    redis = Probe(ping)
    return {"database": Probe(ask_database), "cache": redis, "queue": redis}


PROBES: Final = probes()


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Return 200 while jobs can be accepted, which needs Postgres only, else 503."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for probe in PROBES.values():
        probe.start()
    parts = {name: probe.answer(deadline) for name, probe in PROBES.items()}
    is_up = parts["database"] == CONNECTED
    is_whole = set(parts.values()) == {CONNECTED}
    status = ("ok" if is_whole else "degraded") if is_up else "error"
    return JsonResponse(
        {"status": status, **parts, "timestamp": stamp()}, status=200 if is_up else 503
    )
