"""Why is a job not running? One sentence, from Postgres alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Q
from django.db.models.functions import Coalesce, Now

from queues.conf import get_queues
from queues.database import database_now
from queues.held_back import held_back
from queues.models import ChildState, Job, QueueControl, Worker
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet

SHOWN: Final = 3
STRANDED_AFTER: Final = timedelta(minutes=15)


def explain_to_owner(job: Job) -> str:
    """Do as `explain`, and name neither workers and hosts nor other people's jobs."""
    match job.state:
        case State.WAITING:
            return f"Waiting since {job.run_at:%Y-%m-%d %H:%M:%S} UTC."
        case State.ACTIVE:
            return "Active: running, or about to go back to its queue."
        case State.WAITING_CHILDREN:
            return "Waiting for other jobs, which have not ended."
        case _:
            return explain(job)


def explain(job: Job) -> str:
    """Return one sentence about what the job waits for, or what has become of it.

    For operators: it may name workers, hosts and other jobs.
    """
    match job.state:
        case State.WAITING:
            return _waiting(job)
        case State.DELAYED:
            return f"Delayed until {job.run_at:%Y-%m-%d %H:%M:%S} UTC{_why_delayed(job)}."
        case State.ACTIVE:
            return _active(job)
        case State.WAITING_CHILDREN:
            return _waiting_for(job)
        case State.FAILED:
            return f"Failed ({job.get_cause_display()}): {job.error_message or 'no message'}"
        case _:
            return f"{job.state.capitalize()} at {job.finished_at:%Y-%m-%d %H:%M:%S} UTC."


def stranded_kinds() -> list[tuple[str, int]]:
    """Return the kinds that no live worker knows, of jobs that have waited 15 minutes, counted."""
    known = {kind for kinds in _live().values_list("kinds", flat=True) for kind in kinds}
    old = Job.objects.filter(state=State.WAITING, run_at__lt=Now() - STRANDED_AFTER)
    if not _live().exists():
        return []
    counted = old.exclude(kind__in=known).values_list("kind").annotate(number=Count("pk"))
    return list(counted.order_by("kind"))


def _live() -> QuerySet[Worker]:
    return Worker.objects.filter(expires_at__gt=Now())


def _why_delayed(job: Job) -> str:
    if job.token == 0:
        return ", as it was enqueued"
    last = job.attempts.order_by("-id").first()
    if last is None or last.token < job.token:
        return (
            f": the worker that took it does not know version {job.payload_version} of its payload;"
            " deploy one that does"
        )
    return f", after attempt {last.number} of {job.max_attempts} {last.outcome}"


def _waiting(job: Job) -> str:
    control = QueueControl.objects.filter(name=job.queue).first()
    if job.queue not in get_queues():
        return f"Waiting: there is no queue {job.queue} in the settings."
    if control and control.paused_at:
        return f"Waiting: {job.queue} is paused since {control.paused_at:%Y-%m-%d %H:%M:%S} UTC."
    workers = list(_live().filter(queues__contains=[job.queue]))
    if not workers:
        return f"Waiting: no live worker listens on {job.queue}{_last_seen(job.queue)}."
    if not any(job.kind in worker.kinds for worker in workers):
        return (
            f"Waiting: none of {len(workers)} live workers knows the kind {job.kind}{_since(job)}."
        )
    if why := held_back(job, control):
        return f"Waiting: {why}."
    return f"Waiting: {_ahead(job)} jobs are ahead of it, for {_slots(job, workers)} slots."


def _waiting_for(job: Job) -> str:
    pending = job.children.filter(state=ChildState.PENDING)
    names = [
        f"{child_id} ({name})"
        for child_id, name in pending.order_by("pk").values_list("child_id", "child_name")[:SHOWN]
    ]
    if not names:
        return "Waiting for children, of which none is pending; it goes on within seconds."
    more = pending.count() - len(names)
    tail = f" and {more} more" if more > 0 else ""
    return f"Waiting for children: jobs {', '.join(names)}{tail} have not ended."


def _active(job: Job) -> str:
    # Its row may go at any moment, and no constraint forbids that.
    worker = Worker.objects.filter(pk=job.worker_id or 0).first()
    if worker is None:
        return "Active, but no worker holds it; it goes back to its queue."
    silent = (worker.expires_at, worker.beat_at)
    now = database_now()
    if silent[0] <= now:
        return (
            f"Active: held by {worker.name} on {worker.host}, which stopped beating "
            f"{(now - silent[1]).total_seconds():.0f} s ago; it goes back to its queue."
        )
    ran = (now - job.started_at).total_seconds() if job.started_at else 0
    return f"Active: running on {worker.name} ({worker.host}) for {ran:.0f} s."


def _since(job: Job) -> str:
    waited = database_now() - job.run_at
    if waited < STRANDED_AFTER:
        return ""
    return f", for {waited.total_seconds() // 60:.0f} minutes; deploy one that does, or cancel it"


def _last_seen(queue: str) -> str:
    dead = Worker.objects.filter(queues__contains=[queue]).order_by("-beat_at").first()
    if dead is None:
        return ""
    return (
        f"; {dead.name} stopped beating {(database_now() - dead.beat_at).total_seconds():.0f} s ago"
    )


def _ahead(job: Job) -> int:
    """Count the waiting jobs that are served before this one."""
    waiting = Job.objects.filter(queue=job.queue, state=State.WAITING).exclude(pk=job.pk)
    waiting = waiting.annotate(place=Coalesce("turn_at", "run_at"))
    same = Q(front=job.front)
    place = job.turn_at or job.run_at
    sooner = Q(priority=job.priority) & (Q(place__lt=place) | Q(place=place, pk__lt=job.pk))
    before = same & (Q(priority__lt=job.priority) | sooner)
    return waiting.filter(before if job.front else before | Q(front=True)).count()


def _slots(job: Job, workers: list[Worker]) -> int:
    return sum(int(worker.slots.get(job.queue, 0)) for worker in workers)
