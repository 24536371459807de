"""A worker's life, from its lease to its last job."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from django.db import connection, connections

from queues import happenings, leases, metrics
from queues.conf import get_queues, grace_seconds
from queues.database import AWAY, own_connection
from queues.heartbeat import Heartbeat
from queues.worker.controls import Controls
from queues.worker.duties import Duties, DutiesDiedError, Duty
from queues.worker.loop import Loop, Parts, Until
from queues.worker.offers import Offers
from queues.worker.pool import Pool
from queues.worker.running import Running
from queues.worker.settler import Settler
from queues.worker.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.05


class StoppedError(Exception):
    """The worker was told to stop before it could begin."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """How many jobs were claimed, and whether a handler is stuck in a thread of this process."""

    jobs: int
    must_be_replaced: bool


def work(
    name: str,
    queues: Sequence[str],
    *,
    switch: Switch,
    until: Until,
    slots: Mapping[str, int] | None = None,
) -> Done:
    """Run jobs of these queues until told to stop.

    `slots` says how many of a queue side by side, where that is not as the settings say. Jobs that
    do not end within the grace period go back to the front of their queues. Raises
    DutiesDiedError when maintenance broke.
    """
    capacity = {queue: get_queues()[queue].slots for queue in queues} | dict(slots or {})
    try:
        with ExitStack() as stack:
            stack.enter_context(own_connection())
            lease = patiently(
                switch, lambda: stack.enter_context(Heartbeat(name, capacity, outside=True))
            )
            log.info("Worker %s listens on %s", name, ", ".join(queues), extra=capacity)
            return _run(lease, capacity, switch, until)
    except StoppedError:
        return Done(jobs=0, must_be_replaced=False)
    finally:
        # Only Postgres' wrapper has a pool.
        connections["default"].close_pool()  # type: ignore[attr-defined]


def _run(lease: Heartbeat, capacity: Mapping[str, int], switch: Switch, until: Until) -> Done:
    slots, running = Slots(capacity), Running(lease)
    settler = Settler(slots, running, switch)
    controls = Controls(lease, slots, capacity)
    patiently(switch, controls.refresh)
    watch = Duty(run_once=running.check, seconds=1.0)
    read = Duty(run_once=controls.refresh, seconds=0.5)
    parts = Parts(
        lease=lease,
        slots=slots,
        offers=Offers(switch),
        controls=controls,
        running=running,
        pool=Pool(settler.put),
        switch=switch,
    )
    parts.pool.grow(sum(capacity.values()))
    with Duties(switch, watch, read) as duties:
        loop = Loop(parts, until)
        with settler:
            loop.run()
            log.info("Worker claims no more; %s jobs still run", slots.busy)
            _finish(parts, must_be_replaced=loop.must_be_replaced)
        parts.pool.close()
        _hand_back(lease)
    _write_last_counts()
    happenings.run_once()
    if duties.died or settler.died:
        raise DutiesDiedError("Maintenance broke; see the log above.")
    return Done(jobs=loop.taken, must_be_replaced=loop.must_be_replaced)


def _write_last_counts() -> None:
    try:
        metrics.run_once()
    except AWAY:
        log.warning("Postgres is away: the counts of the last second are lost")


def patiently(switch: Switch, act: Callable[[], T]) -> T:
    """Do something in Postgres, again and again while that is away.

    Raises StoppedError if told to stop meanwhile.
    """
    while not switch.stop.is_set():
        try:
            return act()
        except AWAY:
            log.warning("Waiting for Postgres")
            connection.close()
            switch.stop.wait(1.0)
    raise StoppedError


def _finish(parts: Parts, *, must_be_replaced: bool) -> None:
    """Wait for what runs, but not for what is stuck; not beyond the grace if told to stop.

    Nor if the worker must be replaced: its slots would stay idle until the longest job ends.
    """
    slots, switch = parts.slots, parts.switch
    deadline = time.monotonic() + grace_seconds() if must_be_replaced else float("inf")
    while slots.busy > parts.running.stuck() and time.monotonic() < deadline:
        if switch.hurry.is_set():
            break
        if switch.stop.is_set():
            deadline = min(deadline, time.monotonic() + grace_seconds())
        slots.wait(POLL_SECONDS)


def _hand_back(lease: Heartbeat) -> None:
    try:
        if handed := leases.hand_back(lease.worker_id):
            log.warning("Handed %s running jobs back", handed)
    except AWAY:
        log.warning("Postgres is away: what ran goes back when the lease runs out")
