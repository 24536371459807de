"""What a worker runs now, and whether it may still."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queues import leases
from queues.conf import STUCK_SECONDS
from queues.recorder import AttemptRecorder

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.heartbeat import Heartbeat


@dataclass
class _Run:
    recorder: AttemptRecorder
    token: int
    lost_at: float | None = None


class Running:
    """The runs of one worker. A run whose job was taken away is told so, once a second."""

    def __init__(self, lease: Heartbeat) -> None:
        self._lease = lease
        self._lock = threading.Lock()
        self._runs: dict[tuple[int, int], _Run] = {}

    def begin(self, claim: Claim) -> AttemptRecorder:
        """Count a run, and return what its handler writes with."""
        recorder = AttemptRecorder(claim)
        with self._lock:
            self._runs[claim.id, claim.token] = _Run(recorder=recorder, token=claim.token)
        return recorder

    def end(self, claim: Claim) -> None:
        """Count a run no more."""
        with self._lock:
            self._runs.pop((claim.id, claim.token), None)

    def check(self) -> int:
        """Tell the runs whose jobs are not this worker's any more; return how many are left.

        Cancelled, timed out and rescued jobs look the same from here: the token has moved on.
        """
        with self._lock:
            # Before the question: a job that is claimed after it is not in its answer.
            known = dict(self._runs)
        held = leases.held(self._lease.worker_id)
        for (id_, token), run in known.items():
            if held.get(id_) != token:
                run.recorder.cancel()
                run.lost_at = run.lost_at or time.monotonic()
        return len(known)

    def stuck(self) -> int:
        """Return how many runs go on although their jobs were taken away a while ago."""
        now = time.monotonic()
        with self._lock:
            return sum(
                run.lost_at is not None and now - run.lost_at > STUCK_SECONDS
                for run in self._runs.values()
            )
