"""Taking jobs where a limit or a fair order says which: of queues with a cap or a rate, and by key.

Claimers of one limited queue or key take turns by a row's lock, then count what runs in the jobs'
own table. So a place that a crash, a cancel or a rescue frees is free without anybody saying so.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import transaction

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
    LOCK_KEYS,
    LOCK_QUEUES,
    NEXT_OPENING,
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

# When to try again for a key that somebody else had locked.
CONTENDED_SECONDS: Final = 0.005


class Turns:
    """Claims for one worker, which remembers where its round through the keys stands."""

    def __init__(self) -> None:
        self._after: dict[str, str] = {}
        self._used_at = float("-inf")
        self._opens_at = float("inf")
        self._round = 0
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

        Locks limited queues and keys until the claims are committed. A key that another claimer
        has locked is left to that one. Raises IntegrityError if the worker's lease is gone.
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
        """Return the open lanes from where the last round ended, and on from the beginning.

        Goes on, for a while, where all that it looked at are closed.
        """
        for _ in range(MOST_LOOKS):
            after = {queue: self._after.get(queue, "") for queue in free}
            lanes = _read_lanes(after)
            is_cut = len(lanes) >= MOST_LANES
            if any(after.values()) and not is_cut:
                known = {lane[:2] for lane in lanes}
                again = _read_lanes(dict.fromkeys(free, ""))
                lanes += [lane for lane in again if lane[:2] not in known]
            if is_cut:
                self._after |= {lane.queue: lane.key for lane in lanes if lane.key}
            self.is_blocked = any(lane.is_limited or not lane.key for lane in lanes)
            if lanes:
                self._used_at = time.monotonic()
            found = [lane for lane in lanes if lane.is_open]
            if found or not is_cut:
                return found
        return []

    def _claim(self, worker_id: int, free: Mapping[str, int], lanes: Sequence[Lane]) -> list[Claim]:
        # Each queue comes first in its turn, for a key's room goes to the first that asks.
        self._round += 1
        names = sorted({lane.queue for lane in lanes})
        first = names[self._round % len(names)]
        lanes = sorted(lanes, key=lambda lane: lane.queue != first)
        fair = {name for (name,) in fetch(FAIR, {"queues": names})}
        with transaction.atomic():
            queues = _lock_queues(names)
            keys = _lock_keys(lanes)
            # After the locks: what begins now must not be counted as having begun before them.
            now: int = fetch(NOW, {})[0][0]
            rooms = _queue_rooms({name: free[name] for name in names}, queues, now)
            shares = share(lanes, rooms, _key_rooms(keys, now))
            claims = _take(worker_id, shares, rooms, fair) if shares else []
            _keep(KEEP_QUEUES, queues, Counter(claim.queue for claim in claims), now)
            _keep(KEEP_KEYS, keys, Counter(claim.limit_key for claim in claims), now)
        if any(lane.is_limited and lane.key not in keys for lane in lanes):
            self._opens_at = time.monotonic() + CONTENDED_SECONDS
        self._go_on(lanes, [claim for claim in claims if claim.queue in fair])
        return claims

    def _go_on(self, lanes: Sequence[Lane], claims: Sequence[Claim]) -> None:
        """Begin the next round after the key that was served last."""
        served = Counter((claim.queue, claim.limit_key) for claim in claims)
        for queue in {claim.queue for claim in claims}:
            mine = [lane.key for lane in lanes if lane.queue == queue and lane.key]
            most = max((served[queue, key] for key in mine), default=0)
            if most:
                self._after[queue] = [key for key in mine if served[queue, key] == most][-1]


def _read_lanes(after: Mapping[str, str]) -> list[Lane]:
    params = {"queues": list(after), "after": list(after.values()), "most": MOST_LANES}
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


def _lock_queues(names: Sequence[str]) -> dict[str, _Held]:
    """Lock the limited ones of these queues, waiting for whoever has them."""
    return {
        name: _Held(cap, None if count is None else Rate(count=count, per=per), json.loads(window))
        for name, cap, count, per, window in fetch(LOCK_QUEUES, {"queues": list(names)})
    }


def _lock_keys(lanes: Iterable[Lane]) -> dict[str, _Held]:
    """Lock the limited keys of these lanes that nobody else has locked."""
    limited = {lane.key: lane for lane in lanes if lane.is_limited}
    if new := sorted(key for key, lane in limited.items() if not lane.is_known):
        execute(ADD_KEYS, {"keys": new})
    locked = fetch(LOCK_KEYS, {"keys": list(limited)}) if limited else []
    return {
        key: _Held(limited[key].concurrency, limited[key].rate, json.loads(window), is_closed)
        for key, window, is_closed in locked
    }


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
