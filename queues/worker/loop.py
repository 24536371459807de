"""A worker's main loop: free slots, offers, claims, threads."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, InterfaceError, OperationalError, connection, connections

from queues.claims import Claim, claim_ids, claim_waiting
from queues.conf import LOOK_SECONDS
from queues.execution import execute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from queues.heartbeat import Heartbeat
    from queues.worker.offers import Offers
    from queues.worker.slots import Slots
    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

FULL_WAIT_SECONDS: Final = 0.02
OUTAGE_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Until:
    """When a worker ends by itself: with nothing waiting, after so many jobs, or idle so long."""

    burst: bool = False
    max_jobs: int | None = None
    max_idle_seconds: float | None = None


class Loop:
    """Claims what there are free slots for and runs each claim in a thread, until told to stop."""

    def __init__(
        self, *, lease: Heartbeat, slots: Slots, offers: Offers, switch: Switch, until: Until
    ) -> None:
        self._lease = lease
        self._slots = slots
        self._offers = offers
        self._switch = switch
        self._until = until
        self._last_look = float("-inf")
        self._last_claim = time.monotonic()
        self.taken = 0

    def run(self) -> None:
        """Work until the switch is pressed or `until` is reached. Jobs may still run after it."""
        while not self._switch.stop.is_set() and not self._is_spent():
            free = self._free()
            claims = self._try(free) if free else []
            if claims:
                self._start(claims)
            elif not free:
                self._slots.wait(FULL_WAIT_SECONDS)
            elif self._until.burst and not self._slots.busy:
                return

    def _is_spent(self) -> bool:
        if self._until.max_jobs is not None and self.taken >= self._until.max_jobs:
            return True
        idle = time.monotonic() - self._last_claim
        most = self._until.max_idle_seconds
        return most is not None and idle >= most and not self._slots.busy

    def _free(self) -> dict[str, int]:
        most = self._until.max_jobs
        return self._slots.free(most=None if most is None else most - self.taken)

    def _try(self, free: Mapping[str, int]) -> list[Claim]:
        try:
            return self._take(free)
        except IntegrityError:
            # The lease ran out while this process slept: the worker's row is gone.
            self._lease.renew()
        except (OperationalError, InterfaceError):
            log.warning("Postgres does not answer; trying again")
            connection.close()
            self._switch.stop.wait(OUTAGE_WAIT_SECONDS)
        return []

    def _take(self, free: Mapping[str, int]) -> list[Claim]:
        claims = self._claim(self._offers.pop(free), free)
        left = remaining(free, claims)
        if left and (not claims or self._look_is_due()):
            claims += self._look(left)
        if claims or self._until.burst:
            return claims
        return self._claim(self._offers.wait(free, self._patience()), free)

    def _claim(self, ids: Sequence[int], free: Mapping[str, int]) -> list[Claim]:
        if self._switch.stop.is_set():
            return []
        return claim_ids(self._lease.worker_id, ids, free)

    def _look_is_due(self) -> bool:
        return time.monotonic() - self._last_look >= LOOK_SECONDS

    def _look(self, left: Mapping[str, int]) -> list[Claim]:
        """Take waiting rows that nobody was told of, if a second has passed or jobs flow."""
        if not self._look_is_due() and self._last_claim < self._last_look:
            return []
        self._last_look = time.monotonic()
        return claim_waiting(self._lease.worker_id, left)

    def _patience(self) -> float:
        if self._slots.any_full():
            return FULL_WAIT_SECONDS
        return max(FULL_WAIT_SECONDS, self._last_look + LOOK_SECONDS - time.monotonic())

    def _start(self, claims: Sequence[Claim]) -> None:
        self.taken += len(claims)
        self._last_claim = time.monotonic()
        self._slots.take(claim.queue for claim in claims)
        for claim in claims:
            thread = threading.Thread(
                target=self._run, args=(claim,), name=f"job-{claim.id}", daemon=True
            )
            thread.start()

    def _run(self, claim: Claim) -> None:
        try:
            execute(claim)
        finally:
            connections.close_all()
            self._slots.release(claim.queue)


def remaining(free: Mapping[str, int], claims: Sequence[Claim]) -> dict[str, int]:
    """Return the slots that are still free after these claims."""
    used = Counter(claim.queue for claim in claims)
    return {queue: count - used[queue] for queue, count in free.items() if count > used[queue]}
