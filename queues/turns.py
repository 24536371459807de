"""Taking jobs where a limit or a fair order says which: of queues with a cap or a rate, and by key.

Claimers of one limited queue or key take turns by a row's lock, then count what runs in the jobs'
own table. So a place that a crash, a cancel or a rescue frees is free without anybody saying so.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from queues import registry
from queues.claims import Claim
from queues.database import array, execute, fetch, text_array
from queues.lanes import Lane, share
from queues.rate import Rate
from queues.statements.turns import (
    ADD_KEYS,
    CLAIM_LANES,
    COUNT_ACTIVE,
    FAIR,
    KEEP_KEYS,
    KEEP_QUEUES,
    LANES,
    LIMITED_QUEUES,
    LOCK_KEYS,
    LOCK_QUEUES,
    NEXT_OPENING,
    NOT_LONG,
    NOW,
    RUNNING,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Lanes that are looked at together, and how often at most where all of them are closed. With more
# of them than that, the next claim goes on where this one ended.
MOST_LANES: Final = 1000
MOST_LOOKS: Final = 10
MUCH: Final = 1_000_000
# How long lanes are looked for at every turn after there were some.
USED_SECONDS: Final = 60.0

# When to try again for a queue or key that somebody else had locked: soon, and twice as late each
# time that it still is, for its holder may be frozen.
CONTENDED_SECONDS: Final = 0.005
LONGEST_CONTENDED_SECONDS: Final = 0.25
# How long limited keys are given their rows at one turn, if others are in the way.
ADD_SECONDS: Final = 0.5


class Turns:
    """Claims for one worker, which remembers where its round through the keys stands."""

    def __init__(self) -> None:
        self._after: dict[str, str] = {}
        self._used_at = float("-inf")
        self._opens_at = float("inf")
        self._round = 0
        self._contended = 0
        # Whether jobs waited, at the last claim, that another's end may give their turn.
        self.is_blocked = False

    @property
    def is_used(self) -> bool:
        """Whether there were keys or limited queues to serve within the last minute."""
        return time.monotonic() - self._used_at < USED_SECONDS

    @property
    def opens_in(self) -> float:
        """In how many seconds a rate lets the next job begin; infinity if none is waited for."""
        return max(0.0, self._opens_at - time.monotonic())

    def claim(self, worker_id: int, free: Mapping[str, int]) -> list[Claim]:
        """Claim what may begin by its turn, up to the free slots of each queue.

        Locks limited queues and keys until the claims are committed. What another claimer has
        locked is left to that one. Raises IntegrityError if the worker's lease is gone.
        """
        self._opens_at = float("inf")
        lanes = self._lanes(free)
        claims = self._claim(worker_id, free, lanes) if lanes else []
        if self.is_used and len(claims) < sum(free.values()) and self._opens_at == float("inf"):
            self._wait_for_opening(free)
        return claims

    def _wait_for_opening(self, free: Mapping[str, int]) -> None:
        seconds = fetch(NEXT_OPENING, {"queues": list(free)})[0][0]
        if seconds is not None:
            self._opens_at = time.monotonic() + seconds

    def _lanes(self, free: Mapping[str, int]) -> list[Lane]:
        """Return the open lanes of the queues, each from where its round stands.

        Where jobs with a key wait, those without one are a lane too: neither kind goes first.
        """
        lanes = [] if self._after else _read_lanes(free, "")
        if self._after or len(lanes) >= MOST_LANES:
            lanes = [lane for queue in free for lane in self._round_of(queue)]
        self.is_blocked = any(lane.is_limited or not lane.key for lane in lanes)
        if lanes:
            self._used_at = time.monotonic()
        found = [lane for lane in lanes if lane.is_open]
        plain = {lane.queue for lane in found} - {lane.queue for lane in lanes if not lane.key}
        return found + [Lane(queue, "", None, None, None, is_known=True) for queue in sorted(plain)]

    def _round_of(self, queue: str) -> list[Lane]:
        """Return lanes of one queue: once around, or as many as are enough to choose from.

        What was not looked at is where the next round begins, whatever other queues have.
        """
        seen: dict[str, Lane] = {}
        at, has_turned = self._after.pop(queue, ""), False
        start = at
        for _ in range(MOST_LOOKS):
            read = _read_lanes([queue], at)
            keyed = [lane for lane in read if lane.key]
            is_over = has_turned and any(lane.key in seen for lane in keyed)
            seen |= {lane.key: lane for lane in read if lane.key not in seen}
            is_end = len(keyed) < MOST_LANES
            at = "" if is_end else keyed[-1].key
            if is_over or (is_end and (has_turned or not start)):
                # All of them: the round begins where it did, until somebody is served.
                at = start
                break
            has_turned |= is_end
            if len(seen) >= MOST_LANES and any(lane.is_open for lane in seen.values()):
                break
        if at:
            self._after[queue] = at
        return list(seen.values())

    def _claim(self, worker_id: int, free: Mapping[str, int], lanes: Sequence[Lane]) -> list[Claim]:
        # Each queue comes first in its turn, for a key's room goes to the first that asks.
        self._round += 1
        names = sorted({lane.queue for lane in lanes})
        first = names[self._round % len(names)]
        lanes = sorted(lanes, key=lambda lane: lane.queue != first)
        fair = {name for (name,) in fetch(FAIR, {"queues": names})}
        _add_keys(lanes)
        with transaction.atomic():
            queues, is_busy = _lock_queues(names)
            lanes = [lane for lane in lanes if lane.queue not in is_busy]
            keys = _lock_keys(lanes)
            # After the locks: what begins now must not be counted as having begun before them.
            now: int = fetch(NOW, {})[0][0]
            open_names = [name for name in names if name not in is_busy]
            rooms = _queue_rooms({name: free[name] for name in open_names}, queues, now)
            shares = share(lanes, rooms, _key_rooms(keys, now))
            claims = _take(worker_id, shares, rooms, fair) if shares else []
            _keep(KEEP_QUEUES, queues, Counter(claim.queue for claim in claims), now)
            _keep(KEEP_KEYS, keys, Counter(claim.limit_key for claim in claims), now)
        lacks_key = any(lane.is_limited and lane.key not in keys for lane in lanes)
        self._note_contention(is_contended=bool(is_busy) or lacks_key)
        self._go_on(lanes, [claim for claim in claims if claim.queue in fair])
        return claims

    def _note_contention(self, *, is_contended: bool) -> None:
        """Come back soon to what others had locked."""
        if not is_contended:
            self._contended = 0
            return
        seconds = CONTENDED_SECONDS * 2**self._contended
        if seconds < LONGEST_CONTENDED_SECONDS:
            self._contended += 1
        self._opens_at = time.monotonic() + min(seconds, LONGEST_CONTENDED_SECONDS)

    def _go_on(self, lanes: Sequence[Lane], claims: Sequence[Claim]) -> None:
        """Begin the next round after the key that was served last."""
        served = Counter((claim.queue, claim.limit_key) for claim in claims)
        for queue in {claim.queue for claim in claims}:
            mine = [lane.key for lane in lanes if lane.queue == queue and lane.key]
            most = max((served[queue, key] for key in mine), default=0)
            if most:
                self._after[queue] = [key for key in mine if served[queue, key] == most][-1]


def _read_lanes(queues: Iterable[str], after: str) -> list[Lane]:
    """Return lanes of queues behind a key, of all these queues 1,000 at most."""
    params = {"queues": list(queues), "after": after, "most": MOST_LANES}
    return [*map(Lane._make, fetch(LANES, params))]


class _Held(NamedTuple):
    """A queue or key that this transaction has locked."""

    most: int | None
    rate: Rate | None
    window: list[list[int]]
    is_closed: bool = False

    def room(self, running: int, now: int) -> int:
        """Return how many may begin, with so many that run."""
        room = 0 if self.is_closed else MUCH
        if self.most is not None:
            room = min(room, max(0, self.most - running))
        return room if self.rate is None else min(room, self.rate.room(self.window, now))


def _lock_queues(names: Sequence[str]) -> tuple[dict[str, _Held], set[str]]:
    """Lock the limited ones of these queues; return them, and those that somebody else has."""
    params = {"queues": list(names)}
    held = {
        name: _Held(cap, _rate(count, per), json.loads(window))
        for name, cap, count, per, window in fetch(LOCK_QUEUES, params)
    }
    limited = {name for (name,) in fetch(LIMITED_QUEUES, params)}
    return held, limited - held.keys()


def _add_keys(lanes: Iterable[Lane]) -> None:
    """Give the limited keys their rows, which their claimers lock.

    Not while a queue is locked, and not for long: somebody may be closing such a key just now, in
    a transaction that takes its time. What has no row then waits for the next turn.
    """
    new = sorted({lane.key for lane in lanes if lane.is_limited and not lane.is_known})
    if new and not _add(new):
        deadline = time.monotonic() + ADD_SECONDS
        for key in new:
            if time.monotonic() < deadline:
                _add([key])


def _add(keys: Sequence[str]) -> list[str]:
    """Return the keys that have rows now: all of them, or none if one takes too long."""
    try:
        with transaction.atomic():
            execute(NOT_LONG, {})
            execute(ADD_KEYS, {"keys": list(keys)})
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return []
    return list(keys)


def _lock_keys(lanes: Iterable[Lane]) -> dict[str, _Held]:
    """Lock the limited keys of these lanes that nobody else has locked, and read their limits."""
    limited = sorted({lane.key for lane in lanes if lane.is_limited})
    locked = fetch(LOCK_KEYS, {"keys": limited}) if limited else []
    return {
        key: _Held(most, _rate(count, per), json.loads(window), is_closed)
        for key, window, is_closed, most, count, per in locked
    }


def _rate(count: int | None, per: float | None) -> Rate | None:
    return None if count is None or per is None else Rate(count=count, per=per)


def _queue_rooms(free: Mapping[str, int], held: Mapping[str, _Held], now: int) -> dict[str, int]:
    running: dict[str, int] = dict(fetch(COUNT_ACTIVE, {"queues": list(held)}) if held else [])
    limited = {name: one.room(running.get(name, 0), now) for name, one in held.items()}
    return {name: min(count, limited.get(name, count)) for name, count in free.items()}


def _key_rooms(held: Mapping[str, _Held], now: int) -> dict[str, int]:
    running: dict[str, int] = dict(fetch(RUNNING, {"keys": list(held)}) if held else [])
    return {key: one.room(running.get(key, 0), now) for key, one in held.items()}


def _take(
    worker_id: int,
    shares: Sequence[tuple[Lane, int]],
    rooms: Mapping[str, int],
    fair: set[str],
) -> list[Claim]:
    params = {
        "worker": worker_id,
        "queues": [lane.queue for lane, _ in shares],
        "keys": [lane.key for lane, _ in shares],
        "takes": [take for _, take in shares],
        "rooms": [rooms[lane.queue] for lane, _ in shares],
        "fair": [lane.queue in fair for lane, _ in shares],
        "kinds": registry.kinds(),
    }
    return [*map(Claim._make, fetch(CLAIM_LANES, params))]


def _keep(statement: str, held: Mapping[str, _Held], began: Counter[str], now: int) -> None:
    """Write what began into the windows, and when those that are full open again."""
    rates = {name: one.rate for name, one in held.items() if one.rate}
    if not rates:
        return
    windows = {name: rate.add(held[name].window, now, began[name]) for name, rate in rates.items()}
    opens = [rate.opens_at(windows[name], now) for name, rate in rates.items()]
    params: dict[str, Any] = {
        "keys": text_array(rates),
        "windows": text_array(json.dumps(window) for window in windows.values()),
        "opens_at": array("NULL" if at is None else at for at in opens),
        "pers": array(rate.per for rate in rates.values()),
    }
    execute(statement, params)
