"""Many jobs settled at once."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest
from django.db import DatabaseError, connection, transaction

from queues import leases
from queues.claims import claim_ids
from queues.endings import Raised, Returned, Snoozed
from queues.enqueue import enqueue
from queues.execution import Performed, conclude
from queues.models import Attempt, Job, LogLine
from queues.recorder import AttemptRecorder
from queues.settle import settle
from queues.settlement import Completed, Verdict, settlement_of
from queues.transport import hints
from queues.trouble import Trouble
from queues.unique import Mode, Unique
from queues.worker.pool import Pool
from queues.worker.running import Running
from queues.worker.settler import Settler
from queues.worker.slots import Slots
from queues.worker.switch import Switch
from tests.jobs import QUEUE, Act
from tests.settling import TROUBLE
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
FREE = {QUEUE: 100}


def claimed(count=1, **options):
    ids = [enqueue(Act(what="return"), **options).pk for _ in range(count)]
    worker_id = leases.register("one", FREE, version="1")
    return sorted(claim_ids(worker_id, ids, FREE))


def states():
    return dict(Job.objects.values_list("pk", "state"))


def test_each_of_a_batch_gets_its_own_verdict():
    done, tired, broken, gone, last = claimed(4, attempts=2, backoff=60_000) + claimed(attempts=1)
    Job.objects.filter(pk=gone.id).update(token=gone.token + 1)
    endings = [
        (done, Returned('{"a": 1}')),
        (tired, Snoozed(seconds=5)),
        (gone, Returned(None)),
        (broken, Raised(trouble=TROUBLE)),
        (last, Raised(trouble=TROUBLE)),
    ]
    verdicts = settle([settlement_of(claim, ending) for claim, ending in endings])
    assert verdicts == ["completed", "snoozed", "lost", "retrying", "failed"]
    assert states() == {
        done.id: "completed",
        tired.id: "delayed",
        broken.id: "delayed",
        gone.id: "active",
        last.id: "failed",
    }
    assert Job.objects.get(pk=done.id).result == {"a": 1}
    outcomes = Attempt.objects.order_by("job_id").values_list("job_id", "outcome")
    assert list(outcomes) == [(tired.id, "snoozed"), (broken.id, "failed"), (last.id, "failed")]


def test_the_same_job_twice_in_a_batch_is_settled_by_its_current_token():
    (old,) = claimed()
    new = old._replace(token=old.token + 1)
    Job.objects.filter(pk=old.id).update(token=new.token)
    assert settle([Completed(old, '"old"'), Completed(new, '"new"')]) == ["lost", "completed"]
    assert Job.objects.get().result == "new"


def test_what_retention_lets_go_anyway_is_gone_with_the_batch(settings):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 3}}
    claims = claimed(8)
    conclude([Performed(one, Returned(None), None, 0.0, is_bare=True) for one in claims])
    assert set(states()) == {one.id for one in claims[-3:]}
    assert set(states().values()) == {"completed"}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, False),
        ({"keep_completed": 0}, False),
        ({"keep_completed": False}, True),
        ({"keep_completed": 9}, True),
        ({"unique": Unique(key="k", mode=Mode.THROTTLE, ttl=60)}, True),
    ],
)
def test_a_job_that_has_a_claim_to_stay_stays(settings, options, kept):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 1}}
    (first,) = claimed(**options)
    claims = [first, *claimed(2)]
    conclude([Performed(one, Returned(None), None, 0.0, is_bare=True) for one in claims])
    assert (first.id in states()) == kept


def test_what_does_not_stay_itself_takes_nobodys_place(settings):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 2}}
    (first,) = claimed()
    claims = [first, *claimed(5, keep_completed=True)]
    conclude([Performed(one, Returned(None), None, 0.0, is_bare=True) for one in claims])
    assert states() == {first.id: "completed"}


def test_what_was_lost_takes_nobodys_place_either(settings):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 2}}
    claims = claimed(5)
    Job.objects.filter(pk=claims[-1].id).update(token=99)
    verdicts = conclude([Performed(one, Returned("7"), None, 0.0, is_bare=True) for one in claims])
    assert verdicts == [*["completed"] * 4, "lost"]
    done = Job.objects.filter(state="completed").values_list("pk", "result")
    assert set(done) == {(one.id, 7) for one in claims[:4]}


def test_a_batch_is_settled_whole_or_not_at_all():
    done, broken = claimed(2)
    bad = Trouble(error_class="\x00", message="what Postgres cannot store")
    batch = [Completed(done, None), settlement_of(broken, Raised(trouble=bad))]
    with pytest.raises(DatabaseError):
        settle(batch)
    assert states() == {done.id: "active", broken.id: "active"}


def test_a_job_that_left_lines_is_pruned_with_them_and_not_before(settings):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 1}}
    wordy, other = claimed(2)
    AttemptRecorder(wordy).log("hello")
    conclude(
        [
            Performed(wordy, Returned(None), None, 0.0, is_bare=False),
            Performed(other, Returned(None), None, 0.0, is_bare=True),
        ]
    )
    assert states() == {wordy.id: "completed", other.id: "completed"}
    assert LogLine.objects.count() == 1


def test_a_successor_follows_even_a_job_that_is_deleted_as_it_ends():
    key = Unique(key="k", mode=Mode.KEEP_LAST)
    (claim,) = claimed(unique=key, keep_completed=True)
    enqueue(Act(what="return", text="next"), unique=key)
    hints.pop(FREE)
    conclude([Performed(claim, Returned(None), None, 0.0, is_bare=True)])
    (job,) = Job.objects.all()
    assert (job.payload["text"], job.state, job.unique_key) == ("next", "waiting", "k")
    assert hints.pop(FREE) == [job.pk]


class Lease:
    worker_id = 1


def test_what_postgres_refuses_does_not_harm_the_rest_of_its_batch():
    slots, running, switch = Slots(FREE), Running(Lease()), Switch()
    good, bad, fine = claims = claimed(3)
    running.begin(claims)
    slots.take(one.queue for one in claims)
    with Settler(slots, running, switch) as settler:
        for one, result in ((good, "1"), (bad, '"\\u0000"'), (fine, "3")):
            settler.put(Performed(one, Returned(result), None, 0.0))
        until(lambda: slots.busy == 0, what="the settler")
    assert states() == {good.id: "completed", bad.id: "active", fine.id: "completed"}
    assert (settler.died, switch.stop.is_set()) == (False, False)


def test_a_settler_that_breaks_stops_its_worker(monkeypatch):
    def broken(_performed):
        raise ZeroDivisionError

    monkeypatch.setattr("queues.worker.settler.conclude", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    slots, running, switch = Slots(FREE), Running(Lease()), Switch()
    (claim,) = claimed()
    with Settler(slots, running, switch) as settler:
        settler.put(Performed(claim, Returned(None), None, 0.0))
        until(switch.stop.is_set, what="the end of the settler")
    assert settler.died


def test_a_thread_keeps_nothing_of_the_job_before(monkeypatch):
    mood = ContextVar("mood", default="none")
    found = []

    def perform(claim, recorder):
        found.append((mood.get(), connection.in_atomic_block))
        mood.set("bad")
        transaction.atomic().__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Performed(claim, Returned(None), None, 0.0)

    monkeypatch.setattr("queues.worker.pool.perform", perform)
    claims = claimed(3)
    pool = Pool(lambda performed: found.append(performed.claim.id))
    pool.submit([(one, AttemptRecorder(one)) for one in claims], running=1)
    until(lambda: len(found) == 6, what="three jobs in one thread")
    pool.close()
    assert found == [part for one in claims for part in (("none", False), one.id)]


def test_a_thread_survives_what_breaks_its_executor(monkeypatch):
    def perform(claim, recorder):
        raise ZeroDivisionError

    monkeypatch.setattr("queues.worker.pool.perform", perform)
    claims, found = claimed(2), []
    pool = Pool(found.append)
    pool.submit([(one, AttemptRecorder(one)) for one in claims], running=1)
    until(lambda: len(found) == 2, what="both jobs")
    pool.close()
    assert [one.verdict for one in found] == ["lost", "lost"]


@pytest.mark.parametrize(
    ("running", "unsettled", "free"),
    [(0, 0, 4), (3, 0, 1), (4, 0, 0), (0, 4, 4), (4, 4, 0), (0, 5, 3), (2, 5, 1), (0, 8, 0)],
)
def test_as_many_jobs_may_be_unsettled_as_may_run_and_no_more(running, unsettled, free):
    slots = Slots({"a": 4})
    slots.take(["a"] * unsettled)
    for _ in range(unsettled):
        slots.release("a")
    slots.take(["a"] * running)
    assert slots.free() == ({"a": free} if free else {})
    slots.settled(["a"] * unsettled)
    assert slots.busy == running


def test_verdicts_of_nothing_are_nothing():
    assert settle([]) == []
    assert conclude([]) == []
    assert Verdict.LOST == "lost"
