from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now

from queues import leases
from queues.claims import claim_ids
from queues.conf import MAX_CRASHES
from queues.enqueue import enqueue
from queues.maintenance import promote, prune, rescue, timeouts
from queues.models import Attempt, Job, Worker
from queues.settlement import Verdict
from queues.states import State
from queues.transport import hints
from tests import settling
from tests.jobs import QUEUE, Act
from tests.rows import let_leases_run_out
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
SLOTS = {QUEUE: 100}
ACT = Act(what="return")


def claimed(**options):
    job = enqueue(ACT, **options)
    worker_id = leases.register("one", SLOTS, version="1")
    return claim_ids(worker_id, [job.pk], SLOTS)[0]


def test_what_is_due_begins_to_wait_and_nothing_else_does():
    due, later = enqueue(ACT, delay=60), enqueue(ACT, delay=60)
    Job.objects.filter(pk=due.pk).update(run_at=Now() - timedelta(seconds=1))
    assert promote.run_once() == 1
    assert hints.pop(SLOTS) == [due.pk]
    assert Job.objects.get(pk=due.pk).state == State.WAITING
    assert Job.objects.get(pk=later.pk).state == State.DELAYED


def test_two_promoters_promote_each_job_once():
    for _ in range(50):
        enqueue(ACT, delay=60)
    Job.objects.update(run_at=Now() - timedelta(seconds=1))
    assert sum(together(promote.run_once, promote.run_once)) == 50


def test_a_dead_workers_job_goes_to_the_front_and_gets_its_attempt_back():
    claim = claimed()
    hints.pop(SLOTS)
    let_leases_run_out()
    assert rescue.run_once() == 1
    job = Job.objects.get(pk=claim.id)
    assert (job.state, job.front, job.attempt, job.crashes) == (State.WAITING, True, 0, 1)
    assert job.token == claim.token + 1
    assert settling.complete(claim, "late") is Verdict.LOST
    assert Attempt.objects.get().outcome == "crashed"
    assert not Worker.objects.exists()
    assert hints.pop(SLOTS) == [claim.id]


def test_a_job_that_keeps_killing_its_workers_is_ended():
    claim = claimed()
    Job.objects.filter(pk=claim.id).update(crashes=MAX_CRASHES)
    let_leases_run_out()
    rescue.run_once()
    job = Job.objects.get(pk=claim.id)
    assert (job.state, job.cause, job.crashes) == (State.FAILED, "crashed", MAX_CRASHES + 1)
    assert job.finished_at is not None


def test_the_jobs_of_a_living_worker_are_not_touched():
    claimed()
    assert rescue.run_once() == 0


def test_a_beat_and_a_rescue_at_the_same_moment_agree():
    for _ in range(10):
        claim = claimed()
        worker_id = Job.objects.get(pk=claim.id).worker_id
        let_leases_run_out()
        lease, rescued = together(lambda w=worker_id: leases.beat(w), rescue.run_once)
        assert (lease is leases.Lease.LOST) == (rescued == 1)
        leases.hand_back(worker_id)
        Worker.objects.all().delete()


def test_a_claim_and_a_rescue_at_the_same_moment_leave_no_job_without_a_worker():
    for _ in range(15):
        worker_id = leases.register("one", SLOTS, version="1")
        ids = [enqueue(ACT).pk for _ in range(5)]
        claim_ids(worker_id, ids[:2], SLOTS)
        let_leases_run_out()

        def claim(worker_id=worker_id, ids=ids):
            try:
                return claim_ids(worker_id, ids, SLOTS)
            except IntegrityError:
                return []

        together(claim, rescue.run_once)
        held = Job.objects.filter(state=State.ACTIVE).values_list("worker_id", flat=True)
        assert set(held) <= set(Worker.objects.values_list("pk", flat=True))
        let_leases_run_out()
        rescue.run_once()
        assert not Job.objects.filter(state=State.ACTIVE).exists()
        Job.objects.all().delete()


def test_a_worker_that_still_holds_a_job_is_not_retired():
    claim = claimed()
    worker_id = Job.objects.get(pk=claim.id).worker_id
    leases.retire(worker_id)
    assert Worker.objects.filter(pk=worker_id).exists()
    leases.hand_back(worker_id)
    leases.retire(worker_id)
    assert not Worker.objects.exists()


def test_what_a_worker_hands_back_waits_in_its_old_order_and_costs_no_attempt():
    jobs = [enqueue(ACT) for _ in range(3)]
    ids = [job.pk for job in jobs]
    hints.pop(SLOTS)
    worker_id = leases.register("one", SLOTS, version="1")
    claim_ids(worker_id, ids, SLOTS)
    later = enqueue(ACT)
    assert leases.hand_back(worker_id) == 3
    assert hints.pop(SLOTS) == [*ids, later.pk]
    assert set(Job.objects.values_list("state", "attempt", "crashes")) == {("waiting", 0, 0)}


@pytest.mark.parametrize(("attempts", "state"), [(2, State.DELAYED), (1, State.FAILED)])
def test_an_attempt_beyond_its_deadline_fails(attempts, state):
    claim = claimed(attempts=attempts, timeout=5)
    assert timeouts.run_once() == 0
    Job.objects.update(started_at=F("started_at") - timedelta(seconds=6))
    assert timeouts.run_once() == 1
    job = Job.objects.get(pk=claim.id)
    assert (job.state, job.cause) == (state, "timeout" if state is State.FAILED else "")
    assert Attempt.objects.get().outcome == "timed out"
    assert settling.complete(claim, "late") is Verdict.LOST


def finished(state, number, **options):
    ids = [enqueue(ACT, **options).pk for _ in range(number)]
    Job.objects.filter(pk__in=ids).update(state=state, finished_at=Now())
    return ids


def test_the_newest_finished_jobs_stay():
    completed = finished(State.COMPLETED, 12)
    failed = finished(State.FAILED, 7)
    enqueue(ACT)
    assert prune.run_once() == 2 + 2
    left = set(Job.objects.exclude(state="waiting").values_list("pk", flat=True))
    assert left == {*completed[-10:], *failed[-5:]}


def test_a_jobs_own_retention_wins():
    gone = finished(State.COMPLETED, 1, keep_completed=0)
    kept = finished(State.FAILED, 1, keep_failed=100)
    finished(State.FAILED, 5)
    prune.run_once()
    assert not Job.objects.filter(pk__in=gone).exists()
    assert Job.objects.filter(pk__in=kept).exists()


def test_pruning_takes_the_attempts_along():
    claim = claimed(attempts=1, keep_failed=0)
    settling.fail_attempt(claim, settling.TROUBLE)
    assert prune.run_once() == 1
    assert not Attempt.objects.exists()


def test_an_overdue_job_that_a_newer_version_wrote_is_timed_out_all_the_same():
    claim = claimed(attempts=2, timeout=5)
    Job.objects.update(
        started_at=F("started_at") - timedelta(seconds=6),
        queue="of-a-newer-version",
        backoff={"type": "of a newer version", "odd": 1},
    )
    assert timeouts.run_once() == 1
    assert Job.objects.get(pk=claim.id).state in {State.DELAYED, State.WAITING}
