"""A worker's main loop: free slots, offers, claims, threads."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, connection

from queues.claims import Claim, claim_ids, claim_waiting, put_back
from queues.conf import LOOK_SECONDS
from queues.database import AWAY, is_contended
from queues.happenings import note_claims
from queues.states import State
from queues.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from queues.heartbeat import Heartbeat
    from queues.worker.controls import Controls
    from queues.worker.offers import Offers
    from queues.worker.pool import Pool
    from queues.worker.running import Running
    from queues.worker.slots import Slots
    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

FULL_WAIT_SECONDS: Final = 0.02
# Redis keeps shorter blocking times by a tenth of a second.
SHORTEST_BLOCK_SECONDS: Final = 0.1
OUTAGE_WAIT_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Until:
    """When a worker ends by itself: with nothing waiting, after so many jobs, or idle so long."""

    burst: bool = False
    max_jobs: int | None = None
    max_idle_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a loop works with."""

    lease: Heartbeat
    slots: Slots
    offers: Offers
    controls: Controls
    running: Running
    pool: Pool
    switch: Switch


class Loop:
    """Claims what there are free slots for and hands it to the pool, until told to stop."""

    def __init__(self, parts: Parts, until: Until) -> None:
        self._parts = parts
        self._until = until
        self._last_look = float("-inf")
        self._looked_at = 0
        self._flow = 0
        self._last_claim = time.monotonic()
        self._turns = Turns()
        self._turned_at = 0
        self._has_stale = False
        # Queues in which jobs may wait that no hint tells of, before those that hints tell of.
        self._behind: set[str] = set()
        self._paused: frozenset[str] = frozenset()
        self.taken = 0
        self.must_be_replaced = False

    def run(self) -> None:
        """Work until the switch is pressed or `until` is reached. Jobs may still run after it.

        Also ends, with `must_be_replaced`, when a handler goes on although its job was taken away:
        its thread cannot be ended, only left behind.
        """
        slots, switch = self._parts.slots, self._parts.switch
        while not switch.stop.is_set() and not self._is_spent():
            if self._parts.running.stuck():
                self.must_be_replaced = True
                return
            # Before the slots are counted: a job that ends after that calls for another look.
            self._flow = slots.releases + self.taken
            free = self._free()
            claims = self._try(free) if free else []
            if claims:
                self._start(claims)
            elif claims is not None and self._is_done():
                return
            elif not free:
                slots.wait(FULL_WAIT_SECONDS)

    def _is_spent(self) -> bool:
        if self._until.max_jobs is not None and self.taken >= self._until.max_jobs:
            return True
        idle = time.monotonic() - self._last_claim
        most = self._until.max_idle_seconds
        return most is not None and idle >= most and not self._parts.slots.busy

    def _is_done(self) -> bool:
        """Whether a burst found nothing, and nothing ended since that may have enqueued more."""
        slots = self._parts.slots
        unchanged = self._flow == slots.releases + self.taken
        return self._until.burst and unchanged and not slots.busy

    def _free(self) -> dict[str, int]:
        most = self._until.max_jobs
        free = self._parts.slots.free(most=None if most is None else most - self.taken)
        paused = self._parts.controls.paused
        # What was offered and refused meanwhile waits without a hint.
        self._behind |= self._paused - paused
        self._paused = paused
        return {name: n for name, n in free.items() if name not in paused}

    def _try(self, free: Mapping[str, int]) -> list[Claim] | None:
        """Return what there was to take, or None if that could not be found out."""
        try:
            try:
                return self._take(free)
            except IntegrityError:
                # The lease ran out while this process slept: the worker's row is gone.
                self._parts.lease.renew()
        except AWAY as error:
            self._put_off(error)
        return None

    def _put_off(self, error: Exception) -> None:
        if is_contended(error):
            log.warning("Claiming was locked out; trying again")
            self._parts.switch.stop.wait(FULL_WAIT_SECONDS)
            return
        log.warning("Postgres does not answer; trying again")
        connection.close()
        self._parts.switch.stop.wait(OUTAGE_WAIT_SECONDS)

    def _take(self, free: Mapping[str, int]) -> list[Claim]:
        # First, when they are due: hints that never end must not starve a row whose hint was lost,
        # nor one that had to wait for its turn.
        if claims := self._due(free):
            left = remaining(free, claims)
            return claims + (self._claim(self._parts.offers.pop(left), left) if left else [])
        if claims := self._claim_offers(free) or self._look(free):
            return claims
        return self._idle(free)

    def _idle(self, free: Mapping[str, int]) -> list[Claim]:
        slots = self._parts.slots
        # In this order: a slot that is released meanwhile must not be waited for elsewhere, nor the
        # end of a job that gives another its turn. Redis is not asked to block so briefly, for it
        # keeps such short times by a tenth of a second.
        if self._flow != slots.releases + self.taken:
            return []
        if slots.any_full() or (slots.busy and (self._until.burst or self._turns.is_blocked)):
            slots.wait(FULL_WAIT_SECONDS)
            return []
        if self._until.burst:
            return []
        return self._wait(free)

    def _wait(self, free: Mapping[str, int]) -> list[Claim]:
        """Wait for an offer, until it is time to look, or until a rate lets the next begin."""
        opens_in = self._turns.opens_in
        if opens_in < SHORTEST_BLOCK_SECONDS:
            self._parts.slots.wait(min(opens_in, FULL_WAIT_SECONDS))
            return []
        look_in = self._last_look + LOOK_SECONDS - time.monotonic()
        patience = max(FULL_WAIT_SECONDS, min(look_in, opens_in))
        return self._claim(self._parts.offers.wait(free, patience), free)

    def _due(self, free: Mapping[str, int]) -> list[Claim]:
        """Take what is found by looking, or by turns, if the one or the other is due."""
        if self._look_is_due() or not self._behind.isdisjoint(free):
            return self._look(free)
        ended = self._turns.is_blocked and self._turned_at != self._parts.slots.turns
        if ended or self._has_stale or self._turns.opens_in == 0:
            return self._turn(free)
        return []

    def _turn(self, free: Mapping[str, int]) -> list[Claim]:
        # Before the claim: what is settled after it calls for another turn.
        self._turned_at = self._parts.slots.turns
        self._has_stale = False
        return self._turns.claim(self._parts.lease.worker_id, free)

    def _claim_offers(self, free: Mapping[str, int]) -> list[Claim]:
        """Claim what Redis offers."""
        return self._claim(self._parts.offers.pop(free), free)

    def _claim(self, ids: Sequence[int], free: Mapping[str, int]) -> list[Claim]:
        """Claim what was offered. What does not move may have to wait for its turn.

        Then the free slots are filled from Postgres, before more is offered. Queues with one slot
        are served in their order whatever the hints say: one job for each of them.
        """
        if self._parts.switch.stop.is_set() or not ids:
            return []
        single = {queue: 1 for queue in self._parts.slots.single() if queue in free}
        claims = self._poll(single) if single else []
        if others := free.keys() - single:
            claims += claim_ids(self._parts.lease.worker_id, ids, others)
        if len(claims) < len(ids):
            self._has_stale = True
            self._behind |= free.keys()
            refused = set(ids) - {claim.id for claim in claims}
            self._parts.controls.note_paused(put_back([*refused]))
        return claims

    def _look_is_due(self) -> bool:
        return time.monotonic() - self._last_look >= LOOK_SECONDS

    def _look(self, left: Mapping[str, int]) -> list[Claim]:
        """Take waiting rows that nobody was told of, if a second has passed or jobs flow."""
        is_due, flows = self._look_is_due(), self._looked_at != self._flow
        if not (is_due or flows or self._behind & left.keys()):
            return []
        self._has_stale |= is_due
        self._last_look = time.monotonic()
        self._looked_at = self._flow
        claims = self._poll(left)
        self._behind -= left.keys()
        if claims:
            self._behind |= self._left_behind(left, claims)
        return claims

    def _poll(self, left: Mapping[str, int]) -> list[Claim]:
        """Claim from Postgres, in order of service."""
        claims = self._turn(left) if self._turns.is_used or self._has_stale else []
        if rest := remaining(left, claims):
            claims += claim_waiting(self._parts.lease.worker_id, rest)
        return claims

    def _left_behind(self, left: Mapping[str, int], claims: Sequence[Claim]) -> set[str]:
        """Return queues whose slots a poll filled with jobs most of which had no hint.

        There may be more of them, so the next claim is a poll too. Takes back the hints of what was
        claimed: they would be offered in vain, and each poll for their sake leave others behind.
        """
        told, taken = self._parts.offers.drop(claims), Counter(claim.queue for claim in claims)
        full = left.keys() - remaining(left, claims)
        return {queue for queue in full if told.get(queue, 0) < taken[queue] / 2}

    def _start(self, claims: Sequence[Claim]) -> None:
        slots = self._parts.slots
        self.taken += len(claims)
        self._last_claim = time.monotonic()
        slots.take(claim.queue for claim in claims)
        note_claims(State.ACTIVE.value, claims)
        self._parts.pool.submit(self._parts.running.begin(claims), running=slots.running)


def remaining(free: Mapping[str, int], claims: Sequence[Claim]) -> dict[str, int]:
    """Return the slots that are still free after these claims."""
    used = Counter(claim.queue for claim in claims)
    return {queue: count - used[queue] for queue, count in free.items() if count > used[queue]}
