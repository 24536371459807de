from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from queues import leases, registry
from queues.arguments import Arguments
from queues.claims import claim_ids
from queues.enqueue import EnqueueError, enqueue, enqueue_many
from queues.models import Job
from queues.unique import Unique
from tests import settling
from tests.jobs import QUEUE, Act
from tests.kinds import forgotten_kinds

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Roam(Arguments):
    """A job of any queue."""

    kind: ClassVar[str] = "tests.roam"


def roam(arguments, context):
    return None


@pytest.fixture(autouse=True)
def _is_handled():
    with forgotten_kinds():
        registry.handles(Roam, queue=None)(roam)
        yield


def test_a_kind_without_a_queue_goes_where_the_enqueue_says_with_the_defaults_of_there():
    job = enqueue(Roam(), queue="user-actions")
    assert (job.queue, job.max_attempts) == ("user-actions", 5)
    ids = enqueue_many([(Roam(), {"queue": QUEUE}), (Roam(), {"queue": "notifications"})])
    found = Job.objects.filter(pk__in=ids).order_by("id").values_list("queue", "max_attempts")
    assert list(found) == [(QUEUE, 3), ("notifications", 2)]


@pytest.mark.parametrize("queue", ["letters", "", None, 7, ["notifications"]])
def test_a_queue_that_is_none_is_refused_and_the_queues_are_named(queue):
    with pytest.raises(EnqueueError, match="allowed: content-aggregation, ") as caught:
        enqueue(Roam(), queue=queue)
    assert caught.value.field == "queue"


def test_a_queue_must_be_named_for_such_a_kind():
    with pytest.raises(EnqueueError, match="queue: is None"):
        enqueue(Roam())


def test_a_kind_with_a_queue_may_go_to_another():
    assert enqueue(Act(what="return"), queue="notifications").queue == "notifications"
    assert enqueue(Act(what="return")).queue == QUEUE


def test_the_last_of_a_key_goes_where_it_was_sent():
    debounced = Unique(key="d", mode="debounce", ttl=60)
    first = enqueue(Act(what="return"), unique=debounced, delay=60)
    enqueue(Act(what="return"), unique=debounced, delay=60, queue="notifications")
    assert Job.objects.get(pk=first.pk).queue == "notifications"
    last = Unique(key="k", mode="keep-last")
    job = enqueue(Act(what="return"), unique=last)
    worker_id = leases.register("one", {QUEUE: 1}, version="")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    enqueue(Act(what="return"), unique=last, queue="user-actions")
    settling.complete(claim)
    assert Job.objects.get(unique_key="k").queue == "user-actions"
