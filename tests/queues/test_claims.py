from __future__ import annotations

import pytest
from django.db import IntegrityError

from queues import control, leases
from queues.claims import claim_ids, claim_waiting
from queues.enqueue import enqueue
from queues.heartbeat import Heartbeat
from queues.models import Job, Worker
from queues.states import State
from queues.worker.running import Running
from tests import settling
from tests.jobs import Act, Note, Notify
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = Note(path="/dev/null")
SLOTS = {"content-aggregation": 4, "notifications": 2}


@pytest.fixture
def worker_id():
    return leases.register("one", SLOTS, version="1")


def test_a_claim_moves_the_job_and_raises_attempt_and_token(worker_id):
    job = enqueue(NOTE)
    (claim,) = claim_ids(worker_id, [job.pk], SLOTS)
    job.refresh_from_db()
    assert (claim.id, claim.attempt, claim.token) == (job.pk, 1, 1)
    assert (job.state, job.attempt, job.token) == (State.ACTIVE, 1, 1)
    assert job.worker_id == worker_id
    assert job.started_at is not None


@pytest.mark.parametrize("state", [state for state in State if state is not State.WAITING])
def test_an_id_that_does_not_wait_is_dropped(worker_id, state):
    job = enqueue(NOTE)
    Job.objects.filter(pk=job.pk).update(state=state, worker=worker_id)
    assert claim_ids(worker_id, [job.pk, 999_999_999], SLOTS) == []


def test_a_job_of_another_queue_or_of_an_unknown_kind_is_left_alone(worker_id):
    other = enqueue(Notify(path="/dev/null"))
    unknown = enqueue(NOTE)
    Job.objects.filter(pk=unknown.pk).update(kind="from.a.newer.deploy")
    assert claim_ids(worker_id, [other.pk, unknown.pk], {"content-aggregation": 4}) == []
    assert claim_waiting(worker_id, {"content-aggregation": 4}) == []
    assert set(Job.objects.values_list("state", flat=True)) == {"waiting"}


def test_two_workers_that_are_handed_the_same_ids_share_them(worker_id):
    other_id = leases.register("two", SLOTS, version="1")
    ids = [enqueue(NOTE).pk for _ in range(20)]
    for _ in range(10):
        Job.objects.update(state=State.WAITING, worker=None)
        mine, theirs = together(
            lambda: claim_ids(worker_id, ids, SLOTS), lambda: claim_ids(other_id, ids, SLOTS)
        )
        taken = [claim.id for claim in [*mine, *theirs]]
        assert sorted(taken) == ids


def test_two_looks_into_postgres_never_take_the_same_job(worker_id):
    other_id = leases.register("two", SLOTS, version="1")
    for _ in range(6):
        enqueue(NOTE)
    first, second = together(
        lambda: claim_waiting(worker_id, SLOTS), lambda: claim_waiting(other_id, SLOTS)
    )
    taken = {claim.id for claim in first} | {claim.id for claim in second}
    assert len(taken) == len(first) + len(second) == 6


def test_the_look_takes_what_there_are_slots_for_in_the_order_of_service(worker_id):
    low = enqueue(NOTE, priority=5)
    plain = [enqueue(NOTE) for _ in range(3)]
    front = enqueue(NOTE)
    Job.objects.filter(pk=front.pk).update(front=True)
    mail = [enqueue(Notify(path="/dev/null")) for _ in range(3)]
    claims = claim_waiting(worker_id, {"content-aggregation": 4, "notifications": 1})
    assert {claim.id for claim in claims} == {front.pk, *(job.pk for job in plain), mail[0].pk}
    assert [claim.id for claim in claim_waiting(worker_id, {"content-aggregation": 4})] == [low.pk]


def test_a_worker_whose_lease_is_gone_claims_nothing(worker_id):
    job = enqueue(NOTE)
    Worker.objects.all().delete()
    with pytest.raises(IntegrityError):
        claim_ids(worker_id, [job.pk], SLOTS)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.WAITING, 0)


def test_a_claim_whose_answer_never_arrived_is_handed_back():
    with Heartbeat("one", SLOTS) as lease:
        running = Running(lease)
        known, stray = enqueue(NOTE), enqueue(NOTE)
        (claim,) = claim_ids(lease.worker_id, [known.pk], SLOTS)
        running.begin([claim])
        claim_ids(lease.worker_id, [stray.pk], SLOTS)
        running.check()
        assert Job.objects.get(pk=stray.pk).state == State.ACTIVE
        running.check()
        row = Job.objects.get(pk=stray.pk)
        assert (row.state, row.attempt, row.front) == (State.WAITING, 0, True)
        assert Job.objects.get(pk=known.pk).state == State.ACTIVE
        Job.objects.all().delete()


def test_a_run_that_has_ended_is_not_stuck_however_long_it_waits_to_be_settled(monkeypatch):
    monkeypatch.setattr("queues.worker.running.STUCK_SECONDS", -1)
    with Heartbeat("one", SLOTS) as lease:
        running = Running(lease)
        job = enqueue(NOTE)
        ((_, recorder),) = running.begin(claim_ids(lease.worker_id, [job.pk], SLOTS))
        control.cancel(job.pk)
        running.check()
        assert (running.stuck(), recorder.is_cancelled) == (1, True)
        recorder.is_over = True
        assert running.stuck() == 0


def test_a_completed_job_says_which_worker_ran_it_and_when():
    job = enqueue(Act(what="return"), keep_completed=False)
    worker_id = leases.register("anna", SLOTS, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], SLOTS)
    settling.complete(claim)
    done = Job.objects.get(pk=job.pk)
    assert (done.worker_name, done.worker_id) == ("anna", None)
    assert done.created_at <= done.started_at <= done.finished_at
