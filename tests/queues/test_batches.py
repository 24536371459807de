"""Batches: their progress, and what follows them."""

from __future__ import annotations

import pytest

from queues import batches, control
from queues.batches import Progress, batch
from queues.control import NoJobError
from queues.enqueue import EnqueueError, enqueue
from queues.flows import flow
from queues.models import Dependency, Job
from queues.testing import assert_enqueued, assert_not_enqueued, run_all, run_job
from tests.flow_jobs import Double, Gather
from tests.flowing import complete, give_up, node, state
from tests.jobs import QUEUE, Act, Notify, Unregistered
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
DONE, SUCCESS, FAILURE = (Notify(path=f"/dev/null#{one}") for one in ("done", "ok", "bad"))
ALL = {"on_done": DONE, "on_success": SUCCESS, "on_failure": FAILURE}


def jobs_of(batch_id):
    edges = Dependency.objects.filter(parent_id=batch_id).order_by("pk")
    return list(edges.values_list("child_id", flat=True))


def followed():
    """Return what followed, in order, such as `["bad", "done"]`."""
    found = Job.objects.filter(kind=Notify.kind).order_by("pk").values_list("payload", flat=True)
    return [payload["path"].partition("#")[2] for payload in found]


def run_batches():
    """Run what waits of the engine's own kinds."""
    for job in Job.objects.filter(kind__startswith="queues.", state="waiting").order_by("pk"):
        assert run_job(job).state == "completed"


def test_a_batch_shows_its_progress():
    batch_id = batch([Double(number=n) for n in range(4)], name="doubles")
    job = Job.objects.get(pk=batch_id)
    assert (job.name, job.state, job.queue) == ("doubles", "waiting-children", QUEUE)
    first, second, third, fourth = jobs_of(batch_id)
    assert batches.progress(batch_id).fraction == 0
    complete(first)
    give_up(second)
    control.cancel(third)
    assert batches.progress(batch_id) == Progress(
        total=4, pending=1, completed=1, failed=1, cancelled=1
    )
    assert batches.progress(batch_id).fraction == 0.75
    control.remove(fourth)
    assert batches.progress(batch_id).fraction == 1
    run_batches()
    expected = {"total": 4, "pending": 0, "completed": 1, "failed": 1, "cancelled": 2}
    assert Job.objects.get(pk=batch_id).result == expected


def test_all_complete():
    batch_id = batch([Double(number=n) for n in range(3)], name="b", **ALL)
    for job_id in jobs_of(batch_id):
        complete(job_id)
        run_batches()
    assert sorted(followed()) == ["done", "ok"]


def test_the_first_failure_is_told_at_once_and_once():
    batch_id = batch([Double(number=n) for n in range(3)], name="b", **ALL)
    first, second, third = jobs_of(batch_id)
    give_up(first)
    run_batches()
    assert followed() == ["bad"]
    give_up(second)
    complete(third)
    run_batches()
    assert followed() == ["bad", "done"]


@pytest.mark.parametrize(
    ("given", "all_good", "one_bad"),
    [
        ({}, [], []),
        ({"on_done": DONE}, ["done"], ["done"]),
        ({"on_success": SUCCESS}, ["ok"], []),
        ({"on_failure": FAILURE}, [], ["bad"]),
    ],
)
def test_what_is_not_asked_for_does_not_follow(given, all_good, one_bad):
    good = batch([Double(number=1)], name="good", **given)
    complete(jobs_of(good)[0])
    run_batches()
    assert followed() == all_good
    Job.objects.filter(kind=Notify.kind).delete()
    bad = batch([Double(number=1)], name="bad", **given)
    give_up(jobs_of(bad)[0])
    run_batches()
    assert followed() == one_bad


def test_a_failed_job_that_is_retried_in_time_makes_the_batch_a_success_after_all():
    batch_id = batch([Double(number=n) for n in range(2)], name="b", **ALL)
    first, second = jobs_of(batch_id)
    give_up(first)
    run_batches()
    control.retry(first)
    complete(first)
    complete(second)
    run_batches()
    assert sorted(followed()) == ["bad", "done", "ok"]


def test_a_batch_without_jobs_is_done_at_once():
    batch_id = batch([], name="nothing", **ALL)
    assert state(batch_id) == "waiting"
    assert batches.progress(batch_id).fraction == 1
    run_batches()
    assert followed() == ["done", "ok"]


def test_a_handler_of_a_batch_that_is_run_twice_enqueues_once():
    batch_id = batch([], name="b", on_done=DONE)
    job = Job.objects.get(pk=batch_id)

    def run():
        try:
            return run_job(job).state
        except AssertionError:
            return "taken"

    assert sorted(together(run, run)) == ["completed", "taken"]
    assert followed() == ["done"]


def test_what_follows_is_rolled_back_with_the_batch_and_tried_again():
    batch_id = batch([], name="b", on_done=DONE, on_success=SUCCESS)
    payload = {"name": "b", "onDone": '{"kind": "tests.notify", "payload": {"path": "#done"}}'}
    unknown = {**payload, "onSuccess": '{"kind": "from.a.newer.deploy", "payload": {}}'}
    Job.objects.filter(pk=batch_id).update(payload=unknown)
    job = run_job(Job.objects.get(pk=batch_id))
    assert (job.state, job.attempt, followed()) == ("delayed", 1, [])
    Job.objects.filter(pk=batch_id).update(payload=payload)
    assert run_job(job).state == "completed"
    assert followed() == ["done"]


def test_a_batch_is_cancelled_with_its_jobs_and_nothing_follows():
    batch_id = batch([Double(number=n) for n in range(3)], name="b", **ALL)
    first, second, third = jobs_of(batch_id)
    complete(first)
    assert {second, third, batch_id} < set(batches.cancel(batch_id))
    assert not Job.objects.exclude(state__in=["cancelled", "completed"]).exists()
    assert followed() == []
    assert batches.cancel(batch_id) == []


@pytest.mark.parametrize("verb", [batches.cancel, batches.progress])
def test_what_is_no_batch_is_refused(verb):
    with pytest.raises(NoJobError, match="There is no batch"):
        verb(enqueue(Act(what="return")).pk)


def test_a_batch_runs_in_the_queue_of_its_first_job_or_another():
    def queue_of(*jobs, **options):
        return Job.objects.get(pk=batch([*jobs], name="b", **options)).queue

    assert queue_of(DONE, Double(number=1)) == "notifications"
    assert queue_of((Double(number=1), {"queue": "user-actions"})) == "user-actions"
    assert queue_of(DONE, queue="user-actions") == "user-actions"


@pytest.mark.parametrize(
    ("jobs", "options", "field"),
    [
        ([Double(number=1), (Double(number=2), {"priority": -1})], {}, "1.priority"),
        ([Unregistered()], {}, "0.kind"),
        (["no arguments"], {}, "0.arguments"),
        ([(Double(number=1), {"unique": "a"})], {}, "0.unique"),
        ([], {"queue": "nowhere"}, "queue"),
        ([], {"name": ""}, "name"),
        ([], {"name": "x" * 201}, "name"),
        ([], {"name": "nul \x00"}, "payload"),
        ([], {"on_done": Unregistered()}, "on_done.kind"),
        ([], {"on_success": Notify(path="\x00")}, "on_success.payload"),
        ([Double(number=1)] * 10_001, {}, "items"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_there(jobs, options, field):
    with pytest.raises(EnqueueError) as caught:
        batch(jobs, **{"name": "b", **options})
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_ten_thousand_jobs_are_a_batch():
    jobs = [Double(number=n) for n in range(10_000)]
    assert batches.progress(batch(jobs, name="many", on_failure=FAILURE)).total == 10_000


def test_the_test_helpers_run_batches():
    batch([Double(number=n) for n in range(3)], name="b", on_success=Gather())
    assert_not_enqueued(Gather)
    run_all()
    assert Job.objects.get(kind=Gather.kind).state == "completed"
    flow(node("top"))
    assert_enqueued(Act, count=1)
