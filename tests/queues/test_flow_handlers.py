"""What a parent's handler reads of its children, and children that it asks for itself."""

from __future__ import annotations

import pytest
from django.db import transaction

from queues import control
from queues.context import Context
from queues.endings import Waits
from queues.execution import execute, perform
from queues.flows import Child, Node, flow
from queues.maintenance import flows as flows_duty
from queues.models import Attempt, Dependency, Job
from queues.outcomes import WaitForChildren
from queues.parking import park
from queues.recorder import AttemptRecorder
from queues.settlement import Verdict
from queues.testing import run_all, run_job
from tests.flow_jobs import Double, Gather, Spread
from tests.flowing import claim, state
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def start(arguments):
    """Run a job once as a worker does; return its verdict and its row."""
    (job_id,) = flow(Node(arguments)).values()
    (mine,) = claim(job_id)
    verdict = in_thread(lambda: execute(mine, AttemptRecorder(mine)))
    return verdict, Job.objects.get(pk=job_id)


def test_a_parent_reads_its_childrens_results():
    ids = flow(Node(Gather(), {}, [Node(Double(number=n)) for n in range(5)]))
    assert run_all()[-1].result == 20
    assert state([*ids.values()][-1]) == "completed"


def test_without_a_worker_there_are_no_children():
    context = Context(job_id=1, queue="q", attempt=1, max_attempts=1, token=1)
    assert context.children() == []


def test_a_handler_asks_for_children_and_runs_again_when_they_have_ended():
    verdict, job = start(Spread(numbers=4))
    assert verdict is Verdict.PARKED
    assert (job.state, job.attempt, job.worker_id) == ("waiting-children", 0, None)
    assert not Attempt.objects.exists()
    assert [one.result for one in run_all() if one.kind == Double.kind] == [0, 2, 4, 6]
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.result, done.attempt, done.token) == ("completed", 12, 1, 2)


def test_a_child_that_is_not_accepted_refuses_the_job_and_no_child_is_there():
    verdict, job = start(Spread(numbers=2, bad="yes"))
    assert verdict is Verdict.FAILED
    assert (job.state, job.cause) == ("failed", "refused")
    assert "2.priority" in job.error_message
    assert (Job.objects.count(), Dependency.objects.count()) == (1, 0)


def test_the_test_helpers_park_too():
    (job_id,) = flow(Node(Spread(numbers=1, bad="yes"))).values()
    assert run_job(Job.objects.get(pk=job_id)).state == "failed"


def test_a_job_that_was_cancelled_meanwhile_adds_no_children():
    (job_id,) = flow(Node(Spread(numbers=2))).values()
    (mine,) = claim(job_id)
    ending = Waits(children=(Node(Double(number=1)),))
    control.cancel(job_id)
    assert park(mine, ending)[1] is Verdict.LOST
    assert in_thread(lambda: perform(mine, AttemptRecorder(mine))).verdict is Verdict.LOST
    assert Job.objects.count() == 1


def test_children_and_waiting_are_rolled_back_together():
    (job_id,) = flow(Node(Spread(numbers=2))).values()
    (mine,) = claim(job_id)
    with transaction.atomic():
        park(mine, Waits(children=(Node(Double(number=1)),)))
        transaction.set_rollback(True)
    assert (state(job_id), Job.objects.count()) == ("active", 1)


def test_waiting_for_nothing_is_refused():
    with pytest.raises(ValueError, match="children are none"):
        WaitForChildren()


@pytest.mark.parametrize("policy", ["fail", "continue"])
def test_what_became_of_earlier_children_decides_nothing_about_a_second_wait(policy):
    ids = flow(top := Node(Gather(), {}, [Child(first := Node(Double(number=1)), policy)]))
    control.cancel(ids[first])
    if policy == "fail":
        control.retry(ids[top])
    (mine,) = claim(ids[top])
    assert park(mine, Waits(children=(Node(Double(number=2)),)))[1] is Verdict.PARKED
    flows_duty.run_once()
    assert state(ids[top]) == "waiting-children"
    control.cancel(Job.objects.exclude(pk__in=ids.values()).get().pk)
    assert state(ids[top]) == "failed"
