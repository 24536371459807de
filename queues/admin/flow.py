"""The jobs around one: what it waits for, and what waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from queues.batch_jobs import BatchDone, count
from queues.models import Dependency, Job

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_RELATIVES: Final = 50


@dataclass(frozen=True, kw_only=True)
class Relative:
    """A parent or a child as a row of the page. Without an `url` its own row is gone."""

    job_id: int
    name: str
    state: str
    on_failure: str
    error: str
    url: str


def family_of(job: Job) -> dict[str, Any]:
    """Return the parents and children of a job, 50 of each at most, and a batch's progress."""
    edges = Dependency.objects.defer("result").order_by("pk")
    below = list(edges.filter(parent=job)[: MAX_RELATIVES + 1])
    above = list(edges.filter(child_id=job.pk)[: MAX_RELATIVES + 1])
    relatives = {
        "Waits for": _relatives(below[:MAX_RELATIVES], "child_id"),
        "Awaited by": _relatives(above[:MAX_RELATIVES], "parent_id"),
    }
    return {
        "relatives": {title: found for title, found in relatives.items() if found},
        "more_relatives": max(len(below), len(above)) > MAX_RELATIVES,
        "batch": count(job.pk) if job.kind == BatchDone.kind else None,
    }


def _relatives(edges: Iterable[Dependency], end: str) -> list[Relative]:
    ids = [getattr(edge, end) for edge in edges]
    jobs = Job.objects.only("name", "state").in_bulk(ids)
    return [_relative(edge, id_, jobs.get(id_)) for edge, id_ in zip(edges, ids, strict=True)]


def _relative(edge: Dependency, job_id: int, job: Job | None) -> Relative:
    return Relative(
        job_id=job_id,
        name=job.name if job else edge.child_name,
        state=job.state if job else edge.state,
        on_failure=edge.on_failure,
        error=edge.error,
        url=reverse("admin:queues_job_change", args=[job_id]) if job else "",
    )
