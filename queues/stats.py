"""Counts of jobs by queue and state."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from queues.conf import QueueConf, get_queues
from queues.models import Job, QueueControl
from queues.states import State


@dataclass(frozen=True, kw_only=True)
class QueueCounts:
    """A queue and how many of its jobs are in each state."""

    conf: QueueConf
    counts: dict[State, int]


def queue_counts() -> list[QueueCounts]:
    """Return every queue of the settings with all its states, in one query."""
    rows = Job.objects.values_list("queue", "state").annotate(number=Count("*")).order_by()
    found = {(queue, state): number for queue, state, number in rows}
    return [
        QueueCounts(
            conf=conf, counts={state: found.get((conf.name, state.value), 0) for state in State}
        )
        for conf in get_queues().values()
    ]


def paused_queues() -> set[str]:
    """Return the names of the queues that are paused."""
    controls = QueueControl.objects.filter(paused_at__isnull=False)
    return set(controls.values_list("name", flat=True))
