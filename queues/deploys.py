"""Before workers are stopped: what has run for long, and which code runs where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count
from django.db.models.functions import Now

from queues.conf import MAX_TIMEOUT_SECONDS
from queues.models import Job, Worker
from queues.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

MAX_MINUTES: Final = MAX_TIMEOUT_SECONDS // 60
DEFAULT_MINUTES: Final = 5


class DeployError(ValueError):
    """A question that cannot be answered; the message names what was wrong and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class LongRun:
    """A job that runs, where it does, since when, and with which code.

    `worker` and `host` are empty if no worker holds it any more: then it goes back to its queue.
    """

    job_id: int
    kind: str
    worker: str
    host: str
    started_at: datetime
    code_version: str


def long_running(minutes: float, *, worker: str | None = None) -> list[LongRun]:
    """Return the jobs that have run for more than so many minutes, the longest first.

    Those of one worker if it is named. Raises DeployError for minutes out of range, and for the
    name of no live worker.
    """
    # Not a number is in no range.
    if not 0 <= minutes <= MAX_MINUTES:
        raise DeployError(f"minutes is {minutes!r}; allowed: 0 to {MAX_MINUTES}.")
    running = Job.objects.filter(
        state=State.ACTIVE, started_at__lt=Now() - timedelta(minutes=minutes)
    )
    if worker is not None:
        _refuse_unknown(worker)
        running = running.filter(worker__name=worker)
    names = ("pk", "kind", "worker__name", "worker__host", "started_at", "code_version")
    return [
        LongRun(
            job_id=job_id,
            kind=kind,
            worker=name or "",
            host=host or "",
            started_at=started_at,
            code_version=version,
        )
        for job_id, kind, name, host, started_at, version in running.order_by(
            "started_at", "pk"
        ).values_list(*names)
    ]


def versions_in_use() -> dict[str, int]:
    """Return the code versions that live workers run, and how many workers each."""
    counted = _live().values_list("version").annotate(number=Count("pk")).order_by("version")
    return dict(counted)


def _refuse_unknown(worker: str) -> None:
    names = sorted(set(_live().values_list("name", flat=True)))
    if worker not in names:
        raise DeployError(
            f"worker is {worker!r}; allowed: {', '.join(names) or 'none, for none is alive'}."
        )


def _live() -> QuerySet[Worker]:
    return Worker.objects.filter(expires_at__gt=Now())
