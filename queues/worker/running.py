"""What a worker runs now, and whether it may still."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queues import leases
from queues.conf import STUCK_SECONDS
from queues.recorder import AttemptRecorder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from queues.claims import Claim
    from queues.heartbeat import Heartbeat

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    recorder: AttemptRecorder
    lost_at: float | None = None


class Running:
    """The runs of one worker. A run whose job was taken away is told so, once a second."""

    def __init__(self, lease: Heartbeat) -> None:
        self._lease = lease
        self._lock = threading.Lock()
        self._runs: dict[tuple[int, int], _Run] = {}
        self._strays: dict[int, int] = {}

    def begin(self, claims: Iterable[Claim]) -> list[tuple[Claim, AttemptRecorder]]:
        """Count runs, and return each claim with what its handler writes with."""
        begun = [(claim, AttemptRecorder(claim)) for claim in claims]
        with self._lock:
            for claim, recorder in begun:
                self._runs[claim.id, claim.token] = _Run(recorder)
        return begun

    def end(self, claims: Iterable[Claim]) -> None:
        """Count runs no more."""
        with self._lock:
            for claim in claims:
                self._runs.pop((claim.id, claim.token), None)

    def check(self) -> int:
        """Tell the runs whose jobs are not this worker's any more; return how many are left.

        Cancelled, timed out and rescued jobs look the same from here: the token has moved on. A
        job that is held and not run, twice in a row, is a stray, and is handed back.
        """
        with self._lock:
            # Before the question: a job that is claimed after it is not in its answer.
            known = dict(self._runs)
        worker_id = self._lease.worker_id
        held = leases.held(worker_id)
        for (id_, token), run in known.items():
            if held.get(id_) != token:
                run.recorder.cancel()
                run.lost_at = run.lost_at or time.monotonic()
        self._return_strays(worker_id, held)
        return len(known)

    def _return_strays(self, worker_id: int, held: dict[int, int]) -> None:
        with self._lock:
            strays = {id_: token for id_, token in held.items() if (id_, token) not in self._runs}
        old = {id_: token for id_, token in strays.items() if self._strays.get(id_) == token}
        self._strays = strays
        if old:
            log.warning("Handed %s stray jobs back", leases.return_strays(worker_id, old))

    def stuck(self) -> int:
        """Return how many runs go on although their jobs were taken away a while ago."""
        now = time.monotonic()
        with self._lock:
            return sum(
                run.lost_at is not None
                and now - run.lost_at > STUCK_SECONDS
                # What has ended and waits for a slow database is not stuck.
                and not run.recorder.is_over
                for run in self._runs.values()
            )
