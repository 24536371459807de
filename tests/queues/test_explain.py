from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from queues import checks, control, leases, queue_control
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.explain import explain
from queues.flows import flow
from queues.models import Job, Worker
from queues.trouble import Trouble
from tests import settling
from tests.flowing import node
from tests.jobs import QUEUE, Act

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")


@pytest.fixture
def worker():
    return Worker.objects.get(pk=leases.register("one", {QUEUE: 4}, version="1"))


def why(job):
    return explain(Job.objects.get(pk=job.pk))


def claim(worker, job):
    return claim_ids(worker.pk, [job.pk], [QUEUE])[0]


def test_nobody_listens():
    assert why(enqueue(ACT)) == f"Waiting: no live worker listens on {QUEUE}."


def test_who_listened_has_stopped_beating(worker):
    job = enqueue(ACT)
    silent = Now() - timedelta(seconds=9)
    Worker.objects.update(beat_at=silent, expires_at=silent)
    assert "; one stopped beating 9 s ago." in why(job)


def test_the_queue_is_paused(worker):
    queue_control.pause(QUEUE)
    assert why(enqueue(ACT)).startswith(f"Waiting: {QUEUE} is paused since ")


def test_no_worker_knows_the_kind_and_a_check_says_so_after_a_quarter_of_an_hour(worker):
    job = enqueue(ACT)
    Job.objects.update(kind="from.a.newer.deploy")
    assert why(job) == "Waiting: none of 1 live workers knows the kind from.a.newer.deploy."
    assert checks.unknown_kinds(databases=["default"]) == []
    Job.objects.update(run_at=Now() - timedelta(minutes=16))
    assert ", for 16 minutes; deploy one that does, or cancel it." in why(job)
    (warning,) = checks.unknown_kinds(databases=["default"])
    assert warning.id == "queues.W002"
    assert "1 jobs of the kind 'from.a.newer.deploy'" in warning.msg
    assert checks.unknown_kinds() == []


def test_the_cap_is_reached_and_by_whom(worker):
    queue_control.set_cap(QUEUE, 1)
    running, job = enqueue(ACT), enqueue(ACT)
    Job.objects.filter(pk=running.pk).update(state="active", worker=worker)
    assert why(job) == f"Waiting: the cap of 1 is reached by jobs {running.pk}."


def test_of_many_who_fill_the_cap_three_are_named(worker):
    queue_control.set_cap(QUEUE, 5)
    ids = [enqueue(ACT).pk for _ in range(5)]
    Job.objects.update(state="active", worker=worker)
    named = ", ".join(str(id_) for id_ in ids[:3])
    assert why(enqueue(ACT)) == f"Waiting: the cap of 5 is reached by jobs {named} and 2 more."


def test_a_cap_with_room_holds_nobody_up(worker):
    queue_control.set_cap(QUEUE, 2)
    Job.objects.filter(pk=enqueue(ACT).pk).update(state="active", worker=worker)
    assert why(enqueue(ACT)) == "Waiting: 0 jobs are ahead of it, for 4 slots."


def test_its_queue_is_no_longer_in_the_settings(worker, settings):
    job = enqueue(ACT)
    settings.QUEUES = {"letters": {}}
    assert why(job) == f"Waiting: there is no queue {QUEUE} in the settings."


def test_the_slots_of_all_who_listen_are_added_up(worker):
    leases.register("two", {QUEUE: 3}, version="1")
    leases.register("elsewhere", {"notifications": 50}, version="1")
    assert why(enqueue(ACT)).endswith("for 7 slots.")


def test_it_is_delayed_by_a_snooze(worker):
    job = enqueue(ACT)
    settling.snooze(claim(worker, job), 60)
    assert why(job).endswith(" UTC, after attempt 1 of 3 snoozed.")


def test_nobody_holds_it(worker):
    job = enqueue(ACT)
    claim(worker, job)
    Worker.objects.filter(pk=worker.pk)._raw_delete("default")
    assert why(job).startswith("Active, but no worker holds it")


def test_others_are_ahead(worker):
    plain, low = enqueue(ACT), enqueue(ACT, priority=2)
    later, front = enqueue(ACT), enqueue(ACT, front=True)
    found = {job.pk: why(job).partition(" jobs")[0] for job in (front, plain, later, low)}
    assert list(found.values()) == [f"Waiting: {n}" for n in range(4)]
    assert why(low).endswith("for 4 slots.")


def test_it_is_delayed_by_its_enqueue_or_by_a_failure(worker):
    assert why(enqueue(ACT, delay=60)).endswith(" UTC, as it was enqueued.")
    job = enqueue(ACT, backoff=60_000)
    settling.fail_attempt(claim(worker, job), settling.TROUBLE)
    assert why(job).endswith(" UTC, after attempt 1 of 3 failed.")


def test_it_runs_or_its_worker_has_fallen_silent(worker):
    job = enqueue(ACT)
    claim(worker, job)
    assert why(job) == f"Active: running on one ({worker.host}) for 0 s."
    silent = Now() - timedelta(seconds=9)
    Worker.objects.update(beat_at=silent, expires_at=silent)
    assert "which stopped beating 9 s ago; it goes back to its queue." in why(job)


def test_it_has_ended(worker):
    failed, cancelled = enqueue(ACT, attempts=1), enqueue(ACT)
    settling.fail_attempt(claim(worker, failed), Trouble(error_class="E", message="no luck"))
    control.cancel(cancelled.pk)
    assert why(failed) == "Failed (attempts spent): no luck"
    assert why(cancelled).startswith("Cancelled at ")
    done = enqueue(ACT)
    settling.complete(claim(worker, done), None)
    assert why(done).startswith("Completed at ")


def test_a_parent_names_the_first_of_the_children_that_it_waits_for():
    few = flow(node("parent", node("a"), node("b")))
    job_id = [*few.values()][-1]
    names = ", ".join(f"{id_} ({name})" for id_, name in zip(few.values(), "ab", strict=False))
    assert why(Job(pk=job_id)) == f"Waiting for children: jobs {names} have not ended."
    many = flow(node("parent", *[node(str(n)) for n in range(5)]))
    assert why(Job(pk=[*many.values()][-1])).endswith("(2) and 2 more have not ended.")


def test_a_parent_without_a_pending_child_goes_on_soon():
    job = enqueue(ACT)
    Job.objects.update(state="waiting-children")
    assert why(job).startswith("Waiting for children, of which none is pending")
