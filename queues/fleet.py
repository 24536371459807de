"""The workers that there are, and what they run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.db.models.functions import Now

from queues.models import Job, Worker
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet


def workers() -> QuerySet[Any]:
    """Return the workers, each with `is_live`. Dead ones are there until a rescuer finds them."""
    is_live = ExpressionWrapper(Q(expires_at__gt=Now()), output_field=BooleanField())
    return Worker.objects.annotate(is_live=is_live)


def running(of: Iterable[Worker]) -> dict[int, dict[str, int]]:
    """Return how many jobs each of these workers runs, by its key and by queue, in one query."""
    active = Job.objects.filter(state=State.ACTIVE, worker__in=[worker.pk for worker in of])
    counted = active.values_list("worker_id", "queue").annotate(number=Count("*")).order_by("queue")
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for worker_id, queue, number in counted:
        found[worker_id][queue] = number
    return dict(found)
