"""An operation against whoever else wants its jobs."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from queues import bulk, control, leases
from queues.bulk import BulkError
from queues.claims import claim_ids
from queues.endings import Returned
from queues.enqueue import enqueue_many
from queues.filters import parse
from queues.models import Job
from queues.settle import settle
from queues.settlement import Verdict, settlement_of
from queues.states import State
from tests.journal import Journal
from tests.locks import somebody_waits_for_a_lock
from tests.operating import ACT, FREE, OURS, carry_out, counts, jobs_in
from tests.threads import together
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_cancelling_many_and_settling_them_the_other_way_round_each_job_sees_one():
    worker_id = leases.register("one", FREE, version="1")
    for _ in range(10):
        Job.objects.all().delete()
        claims = claim_ids(worker_id, enqueue_many([ACT] * 40), FREE)
        wanted = [settlement_of(claim, Returned(None)) for claim in reversed(claims)]
        operation = bulk.begin("cancel", OURS)
        operation, verdicts = together(
            lambda o=operation: carry_out(o),
            lambda w=wanted: [v for part in (w[:15], w[15:]) for v in settle(part)],
        )
        assert operation.done == verdicts.count(Verdict.LOST)
        assert operation.done == Job.objects.filter(state="cancelled").count()
        assert operation.done + operation.passed_over == 40 == operation.total


def test_of_cancelling_many_and_claiming_them_all_end_cancelled():
    worker_id = leases.register("one", FREE, version="1")
    for _ in range(5):
        ids = enqueue_many([ACT] * 40)
        operation = bulk.begin("cancel", OURS)
        together(
            lambda o=operation: carry_out(o),
            lambda i=ids: [claim_ids(worker_id, i[at : at + 5], FREE) for at in range(0, 40, 5)],
        )
        assert Job.objects.filter(pk__in=ids, state="cancelled").count() == 40


def test_two_operations_that_want_the_same_jobs_move_each_once():
    for _ in range(5):
        ids = jobs_in(*[State.FAILED] * 40)
        both = [bulk.begin("retry", parse({"ids": ",".join(map(str, ids))})) for _ in range(2)]
        with Journal() as journal:
            both = together(*[lambda o=one: carry_out(o) for one in both])
            moves = [job_id for job_id, source, _, _ in journal.moves() if source == "failed"]
        assert sorted(moves) == ids
        assert sum(one.done for one in both) == 40
        assert sum(one.passed_over for one in both) == 40


def test_a_job_that_stopped_fitting_while_it_was_waited_for_is_passed_over():
    ids = jobs_in(*[State.FAILED] * 3)
    operation = bulk.begin("remove", parse({"state": "failed"}))
    is_held = threading.Event()

    def retry_one():
        with transaction.atomic():
            control.retry(ids[0])
            is_held.set()
            until(somebody_waits_for_a_lock, what="the operation to wait for the job")

    def remove_all():
        assert is_held.wait(10)
        return carry_out(operation)

    _, after = together(retry_one, remove_all)
    assert counts(after) == ("done", 3, 2, 1)
    assert Job.objects.filter(kind="tests.act").get().state == "waiting"


def test_a_chunk_ends_before_a_job_that_somebody_else_holds():
    ids = jobs_in(*[State.WAITING] * 5)
    operation = bulk.begin("cancel", OURS)
    is_held = threading.Event()

    def hold_one():
        with transaction.atomic():
            Job.objects.select_for_update(no_key=True).get(pk=ids[2])
            is_held.set()
            until(somebody_waits_for_a_lock, what="the operation to wait for the job")
            # Seen from here, what went before is committed: nobody waits while holding others.
            return Job.objects.filter(state="cancelled").count()

    def cancel_all():
        assert is_held.wait(10)
        return carry_out(operation)

    seen, after = together(hold_one, cancel_all)
    assert seen == 2
    assert counts(after) == ("done", 5, 5, 0)


def test_of_two_who_undo_one_does():
    jobs_in(State.WAITING)
    operation = carry_out(bulk.begin("cancel", OURS))

    def undo():
        try:
            return bulk.undo(operation.pk)
        except BulkError:
            return None

    assert sum(one is not None for one in together(undo, undo)) == 1
