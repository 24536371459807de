"""Verbs for many jobs: what is found, what is moved, and what is left alone."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from queues import bulk, bulk_job, control, leases, metrics, queue_control
from queues.audit import Door, acting_as
from queues.bulk import BulkError
from queues.bulk_verbs import VERBS
from queues.claims import claim_ids, claim_waiting
from queues.context import Context, NoRecorder
from queues.enqueue import enqueue, enqueue_many
from queues.filters import parse
from queues.models import Attempt, AuditEntry, Change, Job, Metric, Operation, Worker
from queues.states import State
from queues.transport import hints
from tests.jobs import QUEUE, Notify
from tests.operating import ACT, FREE, OURS, carry_out, counts, jobs_in

pytestmark = pytest.mark.django_db(transaction=True)
AFTER = {"retry": "waiting", "cancel": "cancelled", "promote": "waiting"}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    """Chunks and windows that a few jobs fill."""
    monkeypatch.setattr(bulk_job, "CHUNK", 3)
    monkeypatch.setattr(bulk_job, "WINDOW", 5)


def do(verb, wanted=OURS, value=None):
    return carry_out(bulk.begin(verb, wanted, value))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_moves_the_jobs_that_it_fits_and_passes_the_others_over(verb):
    ids = jobs_in(*list(State) * 2)
    other = enqueue(Notify(path="x"))
    value = 5 if verb == "priority" else None
    before = {row["id"]: row for row in Job.objects.values()}
    operation = do(verb, value=value)
    fits = [
        id_ for id_, state in zip(ids, list(State) * 2, strict=True) if state in VERBS[verb].fits
    ]
    assert counts(operation) == ("done", 14, len(fits), 14 - len(fits))
    after = {row["id"]: row for row in Job.objects.exclude(pk=operation.job_id).values()}
    assert [id_ for id_ in before if before[id_] != after.get(id_)] == fits
    assert other.pk in after
    for id_ in fits:
        if verb == "remove":
            assert id_ not in after
        elif verb == "priority":
            assert after[id_]["priority"] == 5
        else:
            assert after[id_]["state"] == AFTER[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_preview_says_what_an_operation_would_do_and_changes_nothing(verb):
    jobs_in(*list(State) * 4)
    before = list(Job.objects.order_by("pk").values())
    value = 5 if verb == "priority" else None
    shown = bulk.preview(verb, OURS, value)
    assert list(Job.objects.order_by("pk").values()) == before
    assert not Operation.objects.exists()
    assert shown.by_state == {state.value: 4 for state in State}
    assert [job.pk for job in shown.sample] == [row["id"] for row in before[:20]]
    operation = do(verb, value=value)
    assert (shown.count, shown.passed_over) == (operation.total, operation.passed_over)


def test_a_preview_of_nothing_is_of_nothing():
    shown = bulk.preview("cancel", OURS)
    assert (shown.count, shown.by_state, shown.sample, shown.passed_over) == (0, {}, [], 0)
    assert counts(do("cancel")) == ("done", 0, 0, 0)


@pytest.mark.parametrize(
    ("verb", "words", "value", "says"),
    [
        ("explode", {"queue": QUEUE}, None, "verb is 'explode'; allowed: retry, cancel"),
        ("cancel", {}, None, "filter is empty; allowed: a word at least, or all=yes"),
        ("cancel", {"queue": QUEUE}, 5, "value is 5; allowed: none with cancel"),
        ("priority", {"queue": QUEUE}, None, "value is None; allowed: a priority, 0 to 2097151"),
        ("priority", {"queue": QUEUE}, True, "value is True"),
        ("priority", {"queue": QUEUE}, 2_097_152, "value is 2097152"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_words(verb, words, value, says):
    for act in (bulk.preview, bulk.begin):
        with pytest.raises(BulkError, match=says):
            act(verb, parse(words), value)
    assert not Operation.objects.exists()
    assert not Job.objects.exists()
    assert not AuditEntry.objects.exists()


def test_all_jobs_are_meant_only_if_somebody_says_so():
    jobs_in(State.WAITING, State.ACTIVE)
    assert counts(do("cancel", parse({"all": "yes"}))) == ("done", 2, 2, 0)


def test_an_operation_leaves_the_jobs_of_operations_alone():
    first = bulk.begin("retry", parse({"kind": "queues.bulk"}))
    assert counts(carry_out(first)) == ("done", 0, 0, 0)
    operation = do("retry", parse({"all": "yes"}))
    assert counts(operation) == ("done", 0, 0, 0)
    assert Job.objects.get(pk=first.job_id).state == "completed"


def test_jobs_that_come_later_are_not_meant():
    jobs_in(State.WAITING)
    operation = bulk.begin("cancel", OURS)
    later = enqueue(ACT)
    assert counts(carry_out(operation)) == ("done", 1, 1, 0)
    assert Job.objects.get(pk=later.pk).state == "waiting"


def test_one_entry_says_who_began_it_and_for_what():
    jobs_in(State.WAITING, State.WAITING)
    with acting_as("ann", Door.API, "a flood"):
        operation = bulk.begin("priority", OURS, 7)
        carry_out(operation)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.reason) == ("ann", "API", "a flood")
    assert (operation.actor, operation.door, operation.reason) == ("ann", "API", "a flood")
    assert (entry.verb, entry.count, entry.after) == ("priority", 2, {"priority": 7})
    assert entry.target == {"operation": operation.pk, "filter": {"kind": "tests.act"}}


def test_few_of_many_rows_are_found_window_by_window():
    ids = enqueue_many([ACT] * 23)
    operation = bulk.begin("cancel", parse({"ids": f"{ids[0]},{ids[11]},{ids[22]}"}))
    ends = []

    class NoteEnds(NoRecorder):
        def progress(self, done, total, note):
            ends.append(Operation.objects.get(pk=operation.pk).cursor)

    job = Job.objects.get(pk=operation.job_id)
    (claim,) = claim_ids(leases.register("one", {job.queue: 1}, version="1"), [job.pk], [job.queue])
    context = Context(
        job_id=job.pk, queue=job.queue, attempt=1, max_attempts=1, token=claim.token,
        recorder=NoteEnds(),
    )  # fmt: skip
    done = bulk_job.bulk(bulk_job.Bulk(operation_id=operation.pk), context)
    assert done == {"done": 3, "passedOver": 0}
    assert ends == [ids[4], ids[9], ids[14], ids[19], ids[22], ids[22]]


def test_jobs_that_were_running_leave_their_attempts_and_are_counted():
    jobs_in(State.ACTIVE, State.WAITING)
    do("cancel")
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.number, attempt.token) == ("cancelled", 2, 4)
    assert set(Job.objects.filter(kind="tests.act").values_list("token", flat=True)) == {5}
    metrics.run_once()
    assert Metric.objects.get(kind="tests.act").cancelled == 2


def test_a_cancelled_job_frees_its_key_and_its_successor_follows():
    first = enqueue(ACT, unique="one")
    successor = {
        "queue": QUEUE, "name": "next", "owner": "", "payload": {"what": "return"},
        "state": "waiting", "priority": 0, "front": False, "max_attempts": 1, "backoff": {},
        "timeout": 9, "unique_key": "one", "delay": 0,
    }  # fmt: skip
    Job.objects.filter(pk=first.pk).update(successor=successor)
    operation = bulk.begin("cancel", OURS)
    hints.pop(FREE)
    assert counts(carry_out(operation)) == ("done", 1, 1, 0)
    follower = Job.objects.get(name="next")
    assert (follower.state, follower.unique_key) == ("waiting", "one")
    assert hints.pop(FREE) == [follower.pk]


def test_what_waits_again_is_told_in_its_order():
    ids = jobs_in(State.FAILED, State.CANCELLED, State.COMPLETED, State.FAILED, State.FAILED)
    operation = bulk.begin("retry", OURS)
    hints.pop(FREE)
    carry_out(operation)
    assert hints.pop(FREE) == ids


def test_jobs_with_a_new_priority_are_served_in_the_new_order():
    urgent, usual = enqueue_many([ACT] * 2), enqueue_many([ACT] * 2)
    do("priority", parse({"ids": ",".join(map(str, urgent))}), 9)
    worker_id = leases.register("two", FREE, version="1")
    assert hints.pop(FREE) == []
    taken = []
    while claims := claim_waiting(worker_id, {QUEUE: 1}):
        taken += [claim.id for claim in claims]
    assert taken == [*usual, *urgent]


def test_what_is_removed_takes_all_that_was_kept_of_it_along():
    ids = jobs_in(State.ACTIVE, State.FAILED)
    control.cancel(ids[0])
    assert Attempt.objects.exists()
    do("remove")
    assert not Job.objects.filter(kind="tests.act").exists()
    assert not Attempt.objects.exists()


def test_the_job_goes_where_somebody_will_take_it(settings):
    names = list(settings.QUEUES)
    assert Job.objects.get(pk=bulk.begin("cancel", OURS).job_id).queue == names[0]
    leases.register("one", {names[1]: 1, names[2]: 1}, version="1")
    assert Job.objects.get(pk=bulk.begin("cancel", OURS).job_id).queue == names[1]
    queue_control.pause(names[1])
    job = Job.objects.get(pk=bulk.begin("cancel", OURS).job_id)
    assert (job.queue, job.front, job.timeout) == (names[2], True, 24 * 3600)
    Worker.objects.update(expires_at=Now())
    assert Job.objects.get(pk=bulk.begin("cancel", OURS).job_id).queue == names[0]
    settings.QUEUE_OF_OPERATIONS = names[1]
    assert Job.objects.get(pk=bulk.begin("cancel", OURS).job_id).queue == names[1]


def test_progress_is_shown_with_the_job():
    jobs_in(*[State.WAITING] * 4)
    operation = do("cancel")
    job = Job.objects.get(pk=operation.job_id)
    assert job.progress == {"done": 4, "total": 4, "note": "4 done"}
    assert job.result == {"done": 4, "passedOver": 0}
    assert job.name == f"operation {operation.pk}"


def test_changes_are_kept_for_what_can_be_undone_alone():
    jobs_in(State.WAITING, State.ACTIVE)
    do("priority", value=3)
    assert [change.before for change in Change.objects.all()] == [{"priority": 0, "set": 3}]
    do("cancel")
    do("retry")
    assert Change.objects.count() == 2


def test_no_drain_and_no_clean_takes_the_job_of_an_operation():
    jobs_in(State.FAILED)
    operation = bulk.begin("retry", OURS)
    queue = Job.objects.get(pk=operation.job_id).queue
    assert queue_control.would_drain(queue) == queue_control.drain(queue) == 0
    assert counts(carry_out(operation)) == ("done", 1, 1, 0)
    assert queue_control.clean(queue, "completed") == 0
    assert Job.objects.filter(pk=operation.job_id).exists()
