"""Operators' verbs in every state, and against whoever else wants the job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from queues import control, leases, metrics, queue_control
from queues.claims import claim_ids, claim_waiting
from queues.control import ControlError, NoJobError
from queues.enqueue import enqueue, enqueue_many
from queues.maintenance import promote, rescue
from queues.models import Attempt, Job, Metric
from queues.settlement import Verdict
from queues.states import FINISHED, LIVE, State
from queues.transport import hints
from queues.turns import Turns
from tests import settling
from tests.jobs import QUEUE, Act, Notify
from tests.rows import let_leases_run_out
from tests.threads import together
from tests.unit_jobs import Owned
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")
FREE = {QUEUE: 100}
NOT_BEGUN = {State.WAITING, State.DELAYED}
VERBS = {
    "cancel": (control.cancel, LIVE),
    "retry": (control.retry, FINISHED),
    "promote": (control.promote, {State.DELAYED}),
    "priority": (lambda id_: control.change_priority(id_, 5), NOT_BEGUN),
    "delay": (lambda id_: control.change_delay(id_, 5), {State.DELAYED}),
    "payload": (lambda id_: control.change_payload(id_, {"what": "raise"}), NOT_BEGUN),
    "remove": (control.remove, set(State) - {State.ACTIVE, State.WAITING_CHILDREN}),
}


def job_in(state, **options):
    job = enqueue(ACT, **options)
    Job.objects.filter(pk=job.pk).update(
        state=state,
        attempt=2,
        finished_at=Now() if state in FINISHED else None,
        started_at=Now(),
        worker=leases.register("one", FREE, version="1") if state == State.ACTIVE else None,
    )
    return job


def row(job):
    return Job.objects.filter(pk=job.pk).values().first()


def claimed():
    job = enqueue(ACT)
    worker_id = leases.register("one", FREE, version="1")
    return claim_ids(worker_id, [job.pk], FREE)[0]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_moves_what_it_may_and_refuses_the_rest_in_words(verb, state):
    act, allowed = VERBS[verb]
    job = job_in(state)
    before = row(job)
    if state in allowed:
        act(job.pk)
        assert row(job) != before
    else:
        with pytest.raises(ControlError, match=f"Job {job.pk} is {state}; allowed: "):
            act(job.pk)
        assert row(job) == before


@pytest.mark.parametrize("verb", VERBS)
def test_there_is_no_such_job(verb):
    with pytest.raises(NoJobError, match="There is no job 987654321"):
        VERBS[verb][0](987_654_321)


def test_a_cancelled_run_leaves_a_row_and_its_worker_writes_nothing_more():
    claim = claimed()
    assert control.cancel(claim.id).state == "cancelled"
    assert settling.complete(claim, "late") is Verdict.LOST
    assert Attempt.objects.get().outcome == "cancelled"
    assert Job.objects.get().result is None


@pytest.mark.parametrize(("reset", "attempt"), [(True, 0), (False, 2)])
def test_a_retry_gives_all_attempts_back_or_one_more(reset, attempt):
    job = job_in(State.FAILED)
    hints.pop(FREE)
    after = control.retry(job.pk, reset=reset)
    assert (after.state, after.attempt, after.crashes) == ("waiting", attempt, 0)
    assert (after.finished_at, after.error_message) == (None, "")
    assert hints.pop(FREE) == [job.pk]


def test_a_new_priority_moves_the_hint():
    first, second = enqueue(ACT), enqueue(ACT)
    control.change_priority(first.pk, 5)
    assert hints.pop(FREE) == [second.pk, first.pk]


@pytest.mark.parametrize("value", [-1, 2_097_152, True, "5", None])
def test_a_priority_out_of_range_is_named(value):
    with pytest.raises(ControlError, match="priority is"):
        control.change_priority(enqueue(ACT).pk, value)


@pytest.mark.parametrize("payload", [{}, {"what": 1}, {"odd": 1}, {"what": "a\x00"}])
def test_a_payload_that_is_none_of_its_kind_is_refused(payload):
    job = enqueue(ACT)
    with pytest.raises(ControlError, match="payload"):
        control.change_payload(job.pk, payload)
    assert row(job)["payload"] == {"what": "return", "text": ""}


def raced(*acts):
    """Run side by side; return what each gave, errors as None."""

    def attempt(act):
        try:
            return act()
        except ControlError:
            return None

    return together(*[lambda a=act: attempt(a) for act in acts])


def test_of_a_cancel_and_a_settling_one_wins():
    for _ in range(10):
        claim = claimed()
        cancelled, verdict = raced(
            lambda c=claim: control.cancel(c.id), lambda c=claim: settling.complete(c, None)
        )
        assert (cancelled is None) == (verdict is Verdict.COMPLETED)


def test_of_a_cancel_and_a_claim_the_job_ends_cancelled():
    worker_id = leases.register("one", FREE, version="1")
    for _ in range(10):
        job = enqueue(ACT)
        raced(
            lambda j=job: control.cancel(j.pk),
            lambda j=job: claim_ids(worker_id, [j.pk], FREE),
        )
        assert Job.objects.get(pk=job.pk).state == "cancelled"


def test_of_two_retries_one_wins():
    for _ in range(10):
        job = job_in(State.FAILED)
        assert sum(one is not None for one in raced(*[lambda j=job: control.retry(j.pk)] * 2)) == 1


def test_of_a_promotion_by_hand_and_one_by_duty_one_wins():
    for _ in range(10):
        job = enqueue(ACT, delay=60)
        Job.objects.filter(pk=job.pk).update(run_at=Now() - timedelta(seconds=1))
        by_hand, by_duty = raced(lambda j=job: control.promote(j.pk), promote.run_once)
        assert (by_hand is not None) + by_duty == 1


def test_of_a_rescue_and_a_settling_one_wins():
    for _ in range(10):
        claim = claimed()
        let_leases_run_out()
        rescued, verdict = raced(rescue.run_once, lambda c=claim: settling.complete(c, None))
        assert rescued == (verdict is Verdict.LOST)


def test_a_paused_queue_gives_nothing_and_takes_everything():
    worker_id = leases.register("one", FREE, version="1")
    queue_control.pause(QUEUE)
    job = enqueue(ACT)
    assert claim_ids(worker_id, [job.pk], FREE) == []
    assert claim_waiting(worker_id, FREE) == []
    assert Turns().claim(worker_id, FREE) == []
    queue_control.resume(QUEUE)
    assert len(claim_waiting(worker_id, FREE)) == 1


def test_two_workers_never_fill_a_cap_twice():
    worker_id = leases.register("one", FREE, version="1")
    queue_control.set_cap(QUEUE, 3)
    for _ in range(10):
        enqueue(ACT)
    assert claim_waiting(worker_id, FREE) == []
    for expected in (3, 0):
        taken = together(*[lambda: Turns().claim(worker_id, FREE)] * 4)
        assert sum(len(claims) for claims in taken) == expected
    assert Job.objects.filter(state="active").count() == 3


def test_draining_takes_what_waits_and_what_is_delayed_if_asked_for():
    for state in (State.WAITING, State.DELAYED, State.ACTIVE, State.COMPLETED):
        job_in(state)
    assert queue_control.would_drain(QUEUE) == 1
    assert queue_control.would_drain(QUEUE, delayed=True) == 2
    assert queue_control.drain(QUEUE) == 1
    assert queue_control.drain(QUEUE, delayed=True) == 1
    assert set(Job.objects.values_list("state", flat=True)) == {"active", "completed"}


def test_cleaning_takes_the_oldest_of_one_state_within_its_limit():
    old = [job_in(State.FAILED).pk for _ in range(3)]
    Job.objects.update(finished_at=Now() - timedelta(hours=2))
    young = job_in(State.FAILED)
    assert queue_control.would_clean(QUEUE, "failed", older_than=3600, limit=2) == 2
    assert queue_control.clean(QUEUE, "failed", older_than=3600, limit=2) == 2
    assert set(Job.objects.values_list("pk", flat=True)) == {old[2], young.pk}


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: queue_control.pause("letters"), "queue is 'letters'"),
        (lambda: queue_control.drain("letters"), "queue is 'letters'"),
        (lambda: queue_control.would_drain("letters"), "queue is 'letters'"),
        (lambda: queue_control.would_clean(QUEUE, "active"), "state is 'active'"),
        (lambda: queue_control.set_cap(QUEUE, 0), "cap is 0"),
        (lambda: queue_control.set_slots(QUEUE, 501), "slots is 501"),
        (lambda: queue_control.clean(QUEUE, "active"), "state is 'active'"),
        (lambda: queue_control.clean(QUEUE, "failed", limit=0), "limit is 0"),
        (lambda: queue_control.clean(QUEUE, "failed", older_than=-1), "older_than is -1"),
    ],
)
def test_a_wrong_word_to_a_queue_is_named(act, says):
    with pytest.raises(ControlError, match=says):
        act()


def test_a_verb_returns_its_job_although_it_is_gone_a_moment_later():
    for _ in range(20):
        job = job_in(State.FAILED)
        retried, _ = together(
            lambda j=job: control.retry(j.pk),
            lambda: until(lambda: queue_control.drain(QUEUE), what="a job to drain"),
        )
        assert (retried.pk, retried.state) == (job.pk, "waiting")


def test_a_job_at_the_front_stays_there_with_another_priority():
    front, plain = enqueue(ACT, front=True), enqueue(ACT)
    control.change_priority(front.pk, 5)
    assert hints.pop(FREE) == [front.pk, plain.pk]


def test_a_cancelling_that_is_rolled_back_neither_counts_nor_happened():
    job = enqueue(ACT)
    with transaction.atomic():
        control.cancel(job.pk)
        transaction.set_rollback(True)
    assert Job.objects.get().state == "waiting"
    metrics.run_once()
    assert not Metric.objects.exists()
    control.cancel(job.pk)
    assert Metric.objects.get().cancelled == 1


def test_a_retry_that_is_rolled_back_gives_no_hint():
    job = job_in(State.FAILED)
    hints.pop(FREE)
    with transaction.atomic():
        control.retry(job.pk)
        transaction.set_rollback(True)
    assert hints.pop(FREE) == []


def test_a_new_payload_brings_its_name_and_its_owner():
    job = enqueue(Owned(user="ann"))
    after = control.change_payload(job.pk, {"user": "bob"})
    assert (after.payload, after.name, after.owner) == ({"user": "bob"}, "for bob", "bob")


def test_of_a_new_payload_and_a_claim_the_claim_runs_one_of_the_two():
    worker_id = leases.register("one", FREE, version="1")
    for _ in range(10):
        job = enqueue(ACT)
        changed, claims = raced(
            lambda j=job: control.change_payload(j.pk, {"what": "raise"}),
            lambda j=job: claim_ids(worker_id, [j.pk], FREE),
        )
        whats = {claim.payload["what"] for claim in claims}
        assert whats <= ({"return"} if changed is None else {"return", "raise"})
        stored = Job.objects.get(pk=job.pk).payload["what"]
        assert stored == ("return" if changed is None else "raise")
        assert not (changed and claims and whats != {"raise"})


def test_draining_goes_on_until_nothing_is_left_and_takes_one_queue_only():
    enqueue_many([*[ACT] * (queue_control.CHUNK + 1), Notify(path="/dev/null")])
    assert queue_control.drain(QUEUE) == queue_control.CHUNK + 1
    assert Job.objects.get().queue == "notifications"


def test_two_who_drain_and_one_who_claims_take_each_job_once():
    worker_id = leases.register("one", FREE, version="1")
    enqueue_many([ACT] * 60)
    one, two, claims = together(
        lambda: queue_control.drain(QUEUE),
        lambda: queue_control.drain(QUEUE),
        lambda: claim_waiting(worker_id, {QUEUE: 20}),
    )
    assert one + two + len(claims) == 60
    assert Job.objects.count() == len(claims)


@pytest.mark.parametrize(
    "values",
    [{"limit": 10**30}, {"limit": True}, {"older_than": float("inf")}, {"older_than": "1"}],
)
def test_what_postgres_could_not_count_is_refused_before_it_is_asked(values):
    with pytest.raises(ControlError, match=f"{next(iter(values))} is "):
        queue_control.clean(QUEUE, "failed", **values)
