"""How the queues are doing: all that is to be said of them at one glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models.functions import Now

from queues.database import fetch
from queues.models import QueueControl, Worker
from queues.statements.watching import OLDEST, THROUGHPUT
from queues.stats import queue_counts

if TYPE_CHECKING:
    from queues.states import State

MINUTES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A queue, what was set for it, and what happens in it.

    `workers` are live ones, with their `slots` in all; `oldest` is how many seconds the longest
    due job has waited. The rates are jobs a minute over the last five minutes.
    """

    name: str
    counts: dict[State, int]
    control: QueueControl
    workers: int
    slots: int
    oldest: float | None
    completed_per_minute: float
    failed_per_minute: float


def overview() -> list[Overview]:
    """Return every queue of the settings, in a handful of queries."""
    controls = QueueControl.objects.in_bulk()
    live = list(Worker.objects.filter(expires_at__gt=Now()).values_list("slots", flat=True))
    oldest: dict[str, float] = dict(fetch(OLDEST, {}))
    rates = {name: rest for name, *rest in fetch(THROUGHPUT, {"minutes": MINUTES})}
    return [
        Overview(
            name=one.conf.name,
            counts=one.counts,
            control=controls.get(one.conf.name) or QueueControl(name=one.conf.name),
            workers=sum(one.conf.name in slots for slots in live),
            slots=sum(int(slots.get(one.conf.name, 0)) for slots in live),
            oldest=oldest.get(one.conf.name),
            completed_per_minute=rates.get(one.conf.name, (0.0, 0.0))[0],
            failed_per_minute=rates.get(one.conf.name, (0.0, 0.0))[1],
        )
        for one in queue_counts()
    ]
