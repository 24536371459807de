"""Building small flows and ending their jobs one by one, as the tests of flows need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from queues import control, leases
from queues.claims import claim_ids
from queues.flows import Node
from queues.models import Dependency, Job
from tests import settling
from tests.jobs import QUEUE, Act
from tests.settling import TROUBLE

FREE = {QUEUE: 1000}


@dataclass(frozen=True, kw_only=True)
class Named(Act):
    """A job with a name of its own."""

    kind: ClassVar[str] = Act.kind
    what: str = "return"

    @property
    def job_name(self) -> str:
        return self.text or self.kind


def node(name="", *children, **options):
    return Node(Named(text=name), options, children)


def claim(*ids):
    """Claim jobs, which must wait."""
    worker_id = leases.register("one", FREE, version="1")
    claims = claim_ids(worker_id, ids, FREE)
    assert sorted(one.id for one in claims) == sorted(ids)
    return sorted(claims)


def complete(job_id, result=None):
    (one,) = claim(job_id)
    return settling.complete(one, result)


def give_up(job_id):
    (one,) = claim(job_id)
    return settling.give_up(one, TROUBLE)


ENDINGS = {
    "completed": complete,
    "failed": give_up,
    "cancelled": control.cancel,
    "removed": control.remove,
}


def state(job_id):
    return Job.objects.values_list("state", flat=True).get(pk=job_id)


def states(ids):
    return {one.arguments.job_name: state(job_id) for one, job_id in ids.items()}


def edges(parent_id):
    found = Dependency.objects.filter(parent_id=parent_id).order_by("pk")
    return list(found.values_list("child_id", "state"))
