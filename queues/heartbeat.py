"""A lease that renews itself from a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Self

from django.db import connection

from queues import leases
from queues.conf import BEAT_AGAIN_SECONDS, BEATS_PER_LEASE, code_version, lease_seconds
from queues.database import AWAY, own_connection
from queues.outside_beat import OutsideBeat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

log = logging.getLogger(__name__)


class Heartbeat:
    """Holds a worker's lease inside a `with` block, and beats three times a lease.

    A lease that was lost (the database or this process slept too long) is replaced by a new one;
    the jobs of the old one belong to others by then. Raises OperationalError on entering if the
    database is away. Leaving deletes the worker's row: hand its jobs back first.

    `outside` also has a small process beat, which goes on while a handler keeps the interpreter
    busy, and gives the lease up at once when this process dies.
    """

    def __init__(self, name: str, slots: Mapping[str, int], *, outside: bool = False) -> None:
        self._name = name
        self._slots = dict(slots)
        self._worker_id = 0
        self._outside = OutsideBeat() if outside else None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_stopped, name="beat", daemon=True)

    @property
    def worker_id(self) -> int:
        """The row that claims are made with. Changes when a lease was lost."""
        return self._worker_id

    def __enter__(self) -> Self:
        self._register()
        self._tell()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._outside is not None:
            self._outside.end()
        try:
            leases.retire(self._worker_id)
        except AWAY:
            log.warning("Worker %s leaves without Postgres; its lease will run out", self._name)

    def renew(self) -> None:
        """Beat once now; take a new lease if the old one is gone."""
        with self._lock:
            if leases.beat(self._worker_id) is leases.Lease.LOST:
                log.warning("Worker %s had lost its lease and takes a new one", self._name)
                self._register()
            self._tell()

    def _tell(self) -> None:
        if self._outside is not None:
            self._outside.tell(self._worker_id)

    def _register(self) -> None:
        self._worker_id = leases.register(self._name, self._slots, version=code_version())

    def _beat_until_stopped(self) -> None:
        with own_connection():
            patience = every = lease_seconds() / BEATS_PER_LEASE
            while not self._stop.wait(patience):
                try:
                    self.renew()
                    patience = every
                except AWAY:
                    log.warning("Worker %s could not renew its lease", self._name)
                    connection.close()
                    # Soon: nobody is buried until Postgres has been back for one lease.
                    patience = min(every, BEAT_AGAIN_SECONDS)
