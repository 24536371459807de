"""A worker's life, from its lease to its last job."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.db import OperationalError, connection, connections

from queues import leases
from queues.conf import get_queues, grace_seconds
from queues.heartbeat import Heartbeat
from queues.worker.duties import Duties, DutiesDiedError
from queues.worker.loop import Loop, Until
from queues.worker.offers import Offers
from queues.worker.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05


def work(name: str, queues: Sequence[str], *, switch: Switch, until: Until) -> int:
    """Run jobs of these queues until told to stop; return how many were claimed.

    Jobs that do not end within the grace period go back to the front of their queues. Raises
    DutiesDiedError when maintenance broke.
    """
    capacity = {queue: get_queues()[queue].slots for queue in queues}
    slots = Slots(capacity)
    try:
        await_database(switch)
        with Heartbeat(name, capacity) as lease, Duties(switch) as duties:
            log.info("Worker %s listens on %s", name, ", ".join(queues), extra={"slots": capacity})
            loop = Loop(lease=lease, slots=slots, offers=Offers(switch), switch=switch, until=until)
            loop.run()
            log.info("Worker %s claims no more; %s jobs still run", name, slots.busy)
            _finish(lease, slots, switch)
    finally:
        connections.close_all()
        # Only Postgres' wrapper has a pool.
        connections["default"].close_pool()  # type: ignore[attr-defined]
    if duties.died:
        raise DutiesDiedError("Maintenance broke; see the log above.")
    return loop.taken


def await_database(switch: Switch) -> None:
    """Return once Postgres answers, or once told to stop."""
    while not switch.stop.is_set():
        try:
            connection.ensure_connection()
        except OperationalError:
            log.warning("Waiting for Postgres")
            switch.stop.wait(1.0)
        else:
            return


def _finish(lease: Heartbeat, slots: Slots, switch: Switch) -> None:
    """Wait for what runs; once told to stop, only as long as the grace allows."""
    deadline = float("inf")
    while slots.busy and time.monotonic() < deadline and not switch.hurry.is_set():
        if switch.stop.is_set():
            deadline = min(deadline, time.monotonic() + grace_seconds())
        slots.wait(POLL_SECONDS)
    if slots.busy:
        log.warning("Handed %s running jobs back", leases.hand_back(lease.worker_id))
