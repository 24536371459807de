"""Stopping operations, going on with them, and undoing them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from queues import bulk, bulk_job, control, leases
from queues.bulk import BulkError
from queues.claims import claim_ids
from queues.context import Context, NoRecorder
from queues.enqueue import enqueue
from queues.filters import parse
from queues.maintenance import operations, promote
from queues.models import AuditEntry, Dependency, Job, Operation
from queues.states import State
from queues.testing import run_job
from queues.transport import hints
from tests.jobs import Act
from tests.operating import ACT, FREE, OURS, carry_out, counts, jobs_in
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(bulk_job, "CHUNK", 2)


def rows():
    """What undoing puts back, of each of our jobs."""
    names = ("id", "state", "priority", "run_at", "front", "unique_key", "finished_at")
    return list(Job.objects.filter(kind="tests.act").order_by("id").values(*names))


def done(verb, value=None):
    return carry_out(bulk.begin(verb, OURS, value))


class Interrupting(NoRecorder):
    """Does something after the first chunk."""

    def __init__(self, act):
        self._act = act

    def progress(self, done, total, note):
        self._act()


def interrupted(operation, act):
    """Carry an operation out as its worker does, and do something after its first chunk."""
    worker_id = leases.register("one", FREE, version="1")
    (claim,) = claim_ids(worker_id, [operation.job_id], FREE)
    context = Context(
        job_id=claim.id, queue=claim.queue, attempt=1, max_attempts=9, token=claim.token,
        recorder=Interrupting(act),
    )  # fmt: skip
    result = bulk_job.bulk(bulk_job.Bulk(operation_id=operation.pk), context)
    operation.refresh_from_db()
    return result


def test_a_stopped_operation_ends_after_its_chunk_and_goes_on_when_its_job_is_retried():
    jobs_in(*[State.WAITING] * 5)
    operation = bulk.begin("cancel", OURS)
    assert interrupted(operation, lambda: bulk.stop(operation.pk)) is None
    assert counts(operation) == ("running", 5, 2, 0)
    control.cancel(operation.job_id)
    assert operations.run_once() == 1
    operation.refresh_from_db()
    assert counts(operation) == ("stopped", 5, 2, 0)
    assert operation.finished_at is not None
    control.retry(operation.job_id)
    assert counts(carry_out(operation)) == ("done", 5, 5, 0)
    assert Job.objects.filter(state="cancelled", token=5).count() == 5


def test_an_operation_that_is_stopped_before_it_began_does_nothing():
    jobs_in(State.WAITING)
    operation = bulk.begin("cancel", OURS)
    bulk.stop(operation.pk)
    assert counts(carry_out(operation)) == ("stopped", 1, 0, 0)
    assert [entry.verb for entry in AuditEntry.objects.order_by("id")] == [
        "cancel",
        "stop-operation",
    ]


@pytest.mark.parametrize("end", [control.cancel, control.remove])
def test_an_operation_whose_job_is_ended_is_stopped(end):
    jobs_in(State.WAITING)
    operation = bulk.begin("cancel", OURS)
    assert operations.run_once() == 0
    end(operation.job_id)
    assert operations.run_once() == 1
    operation.refresh_from_db()
    assert counts(operation) == ("stopped", 1, 0, 0)


def test_an_attempt_whose_job_was_taken_away_does_no_further_chunk():
    jobs_in(*[State.WAITING] * 5)
    operation = bulk.begin("cancel", OURS)
    interrupted(operation, lambda: control.cancel(operation.job_id))
    assert counts(operation) == ("running", 5, 2, 0)
    assert Job.objects.filter(kind="tests.act", state="cancelled").count() == 2


def test_a_job_that_is_not_the_operations_own_does_nothing_to_it():
    jobs_in(State.WAITING)
    operation = bulk.begin("cancel", OURS)
    for number in (operation.pk, operation.pk + 1):
        assert run_job(enqueue(bulk_job.Bulk(operation_id=number))).state == "completed"
    operation.refresh_from_db()
    assert counts(operation) == ("running", 1, 0, 0)


def test_a_done_operation_stays_done_when_its_job_runs_again():
    jobs_in(State.WAITING)
    operation = done("cancel")
    jobs_in(State.WAITING)
    control.retry(operation.job_id)
    assert counts(carry_out(operation)) == ("done", 1, 1, 0)


@pytest.mark.parametrize(
    ("verb", "value", "fits"), [("cancel", None, 3), ("priority", 7, 2), ("promote", None, 1)]
)
def test_undoing_puts_back_what_has_not_moved_since(verb, value, fits):
    jobs_in(State.WAITING, State.DELAYED, State.WAITING_CHILDREN, State.COMPLETED, priority=4)
    parent = Job.objects.get(state="waiting-children")
    Dependency.objects.create(parent=parent, child_id=1, child_name="child")
    enqueue(ACT, delay=60, front=True)
    enqueue(ACT, unique="mine")
    before = rows()
    operation = done(verb, value)
    assert rows() != before
    undoing = carry_out(bulk.undo(operation.pk))
    number = operation.done
    assert number >= fits
    assert counts(undoing) == ("done", number, number, 0)
    assert rows() == before
    entry = AuditEntry.objects.first()
    assert (entry.verb, entry.count) == ("undo-operation", number)
    assert entry.target == {"operation": undoing.pk, "undoes": operation.pk}


def test_what_moved_on_since_then_is_passed_over():
    removed, retried, running, _ = jobs_in(*[State.WAITING] * 3, State.ACTIVE)
    key = enqueue(ACT, unique="mine")
    operation = done("cancel")
    control.remove(removed)
    control.retry(retried)
    control.cancel(retried)
    enqueue(ACT, unique="mine")
    undoing = carry_out(bulk.undo(operation.pk))
    assert counts(undoing) == ("done", 4, 1, 3)
    states = dict(Job.objects.values_list("id", "state"))
    assert (states[retried], states[running], states[key.pk]) == (
        "cancelled",
        "waiting",
        "cancelled",
    )


def test_a_promoted_job_that_began_meanwhile_is_not_delayed_again():
    began, waits = jobs_in(State.DELAYED, State.DELAYED)
    operation = done("promote")
    claim_ids(leases.register("two", FREE, version="1"), [began], FREE)
    assert counts(carry_out(bulk.undo(operation.pk))) == ("done", 2, 1, 1)
    assert Job.objects.get(pk=waits).state == "delayed"


def test_a_priority_that_somebody_else_set_meanwhile_stays():
    mine, theirs = jobs_in(State.WAITING, State.WAITING)
    operation = done("priority", 7)
    control.change_priority(theirs, 9)
    assert counts(carry_out(bulk.undo(operation.pk))) == ("done", 2, 1, 1)
    assert dict(Job.objects.filter(kind="tests.act").values_list("id", "priority")) == {
        mine: 0,
        theirs: 9,
    }


def test_a_parent_whose_children_ended_meanwhile_waits_for_them_no_more():
    (parent,) = jobs_in(State.WAITING_CHILDREN)
    operation = done("cancel")
    undoing = bulk.undo(operation.pk)
    hints.pop(FREE)
    carry_out(undoing)
    assert Job.objects.get(pk=parent).state == "waiting"
    assert hints.pop(FREE) == [parent]


def test_a_promotion_that_is_undone_too_late_is_due_at_once():
    (job,) = jobs_in(State.DELAYED)
    Job.objects.filter(pk=job).update(run_at=Now() - timedelta(seconds=5))
    carry_out(bulk.undo(done("promote").pk))
    assert promote.run_once() == 1


def test_of_a_stopped_operation_what_it_did_is_undone():
    jobs_in(*[State.WAITING] * 5)
    before = rows()
    operation = bulk.begin("cancel", OURS)
    interrupted(operation, lambda: bulk.stop(operation.pk))
    control.cancel(operation.job_id)
    operations.run_once()
    assert counts(carry_out(bulk.undo(operation.pk))) == ("done", 2, 2, 0)
    assert rows() == before


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: bulk.undo(987_654), "There is no operation 987654"),
        (lambda: bulk.stop(10**30), "There is no operation"),
        (lambda: bulk.undo(done("retry").pk), "is a retry, which is not undone; allowed: cancel"),
        (lambda: bulk.undo(done("remove").pk), "is a remove, which is not undone"),
        (lambda: bulk.undo(bulk.begin("cancel", OURS).pk), "is running; allowed: done, stopped"),
        (lambda: bulk.stop(done("cancel").pk), "is done; allowed: running"),
        (lambda: bulk.undo(bulk.undo(done("cancel").pk).pk), "is a undo, which is not undone"),
        (lambda: [bulk.undo(one.pk) for one in [done("cancel")] * 2], "is undone already"),
    ],
)
def test_what_cannot_be_stopped_or_undone_is_said(act, says):
    with pytest.raises(BulkError, match=says):
        act()


def test_a_refused_undo_leaves_neither_operation_nor_entry():
    operation = done("retry", None)
    with pytest.raises(BulkError):
        bulk.undo(operation.pk)
    assert Operation.objects.count() == AuditEntry.objects.count() == 1


def test_one_operation_may_be_about_what_another_one_did():
    jobs_in(State.WAITING)
    other = enqueue(Act(what="raise"))
    done("cancel")
    carry_out(bulk.begin("retry", parse({"state": "cancelled"})))
    assert Job.objects.get(pk=other.pk).state == "waiting"


def ended_days_ago(days, *operations_):
    ids = [operation.pk for operation in operations_]
    Operation.objects.filter(pk__in=ids).update(finished_at=Now() - timedelta(days=days))


def test_what_an_operation_changed_is_forgotten_after_thirty_days(monkeypatch):
    monkeypatch.setattr(operations, "LIMIT", 2)
    jobs_in(*[State.WAITING] * 3)
    old, new = done("priority", 3), done("priority", 4)
    ended_days_ago(31, old)
    ended_days_ago(29, new)
    assert [operations.forget_changes() for _ in range(3)] == [2, 1, 0]
    assert (old.changes.count(), new.changes.count()) == (0, 3)
    with pytest.raises(BulkError, match=f"{old.pk} ended too long ago; allowed: within 30 days"):
        bulk.undo(old.pk)
    assert carry_out(bulk.undo(new.pk)).done == 3


def test_what_is_being_undone_is_not_forgotten():
    jobs_in(State.WAITING)
    operation = done("cancel")
    undoing = bulk.undo(operation.pk)
    ended_days_ago(31, operation)
    assert operations.forget_changes() == 0
    assert carry_out(undoing).done == 1
    assert operations.forget_changes() == 0
    ended_days_ago(31, undoing)
    assert operations.forget_changes() == 1


def test_who_begins_to_undo_and_who_forgets_take_turns():
    jobs_in(State.WAITING)
    operation = done("cancel")
    ended_days_ago(31, operation)
    with transaction.atomic():
        Operation.objects.select_for_update(no_key=True).get(pk=operation.pk)
        assert in_thread(operations.forget_changes) == 0
    assert operations.forget_changes() == 1
