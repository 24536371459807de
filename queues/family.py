"""Reading who waits for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from queues.children import ChildResult
from queues.database import fetch
from queues.models import Dependency, Job
from queues.statements.flows import TREE

MAX_DEPTH: Final = 20
MAX_SHOWN: Final = 1000


@dataclass(kw_only=True)
class Branch:
    """A job of a flow as it is now, and the jobs that it waits for, in their order.

    `state` is the job's own, or what became of it if its row is gone. `on_failure` is what it means
    to the job above; empty for the topmost.
    """

    job_id: int
    name: str
    state: str
    on_failure: str = ""
    children: list[Branch] = field(default_factory=list)


def children(job_id: int) -> list[ChildResult]:
    """Return what a job knows of its children, in the order in which they were given."""
    edges = Dependency.objects.filter(parent_id=job_id).order_by("pk")
    return [
        ChildResult(
            job_id=edge.child_id,
            name=edge.child_name,
            state=edge.state,
            result=edge.result,
            error=edge.error,
        )
        for edge in edges
    ]


def tree(job_id: int, *, depth: int = MAX_DEPTH, limit: int = MAX_SHOWN) -> Branch | None:
    """Return a job with what is below it, `depth` levels and some `limit` jobs at most.

    A job with several parents is the same object below each of them. None if there is no such job.
    """
    top = Job.objects.filter(pk=job_id).only("name", "state").first()
    if top is None:
        return None
    branches = {job_id: Branch(job_id=job_id, name=top.name, state=top.state)}
    seen = set()
    for parent, child, name, state, on_failure in fetch(
        TREE, {"id": job_id, "depth": min(depth, MAX_DEPTH), "limit": min(limit, MAX_SHOWN)}
    ):
        if (parent, child) in seen or parent not in branches:
            continue
        seen.add((parent, child))
        new = Branch(job_id=child, name=name, state=state, on_failure=on_failure)
        branches[parent].children.append(branches.setdefault(child, new))
    return branches[job_id]
