"""Which limit keeps a waiting job from its turn, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues.database import database_now
from queues.limits import limit_of
from queues.models import Job, LimitKey
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from queues.models import QueueControl

SHOWN: Final = 3
MANY: Final = 1000


def held_back(job: Job, control: QueueControl | None) -> str:
    """Return what holds a waiting job back, without a full stop; nothing if no limit does."""
    return (_queue(job, control) if control else "") or (_key(job) if job.limit_key else "")


def _queue(job: Job, control: QueueControl) -> str:
    if control.opens_at and control.opens_at > database_now():
        return f"the rate of {job.queue} lets the next begin at {_clock(control.opens_at)}"
    if control.cap is None:
        return ""
    running = _running(queue=job.queue)
    if len(running) < min(control.cap, MANY):
        return ""
    return f"the cap of {control.cap} is reached by {_named(running)}"


def _key(job: Job) -> str:
    key = LimitKey.objects.filter(key=job.limit_key).first()
    if key and key.closed_until and key.closed_until > database_now():
        return f"the key {job.limit_key} is closed until {_clock(key.closed_until)}"
    if key and key.opens_at and key.opens_at > database_now():
        when = _clock(key.opens_at)
        return f"the rate of the key {job.limit_key} lets the next begin at {when}"
    limit, running = limit_of(job.limit_key), _running(limit_key=job.limit_key)
    if limit is None or limit.concurrency is None or len(running) < min(limit.concurrency, MANY):
        return ""
    most = limit.concurrency
    return f"the key {job.limit_key} has all of its {most} places taken by {_named(running)}"


def _running(**fields: str) -> list[int]:
    jobs = Job.objects.filter(state=State.ACTIVE, **fields).order_by("id")
    return list(jobs.values_list("pk", flat=True)[:MANY])


def _named(ids: Sequence[int]) -> str:
    names = ", ".join(map(str, ids[:SHOWN]))
    more = len(ids) - SHOWN
    return f"jobs {names}" + (f" and {more} more" if more > 0 else "")


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
