from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from queues import leases, queue_control
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.execution import execute, run
from queues.models import Attempt, Job, Worker
from queues.recorder import AttemptRecorder
from queues.settlement import Verdict
from queues.states import State
from queues.trouble import Trouble
from tests import settling
from tests.jobs import QUEUE, Act, Note, Notify
from tests.threads import in_thread, together

pytestmark = pytest.mark.django_db(transaction=True)
SLOTS = {QUEUE: 4}


def claimed(arguments, **options):
    job = enqueue(arguments, **options)
    worker_id = leases.register("one", SLOTS, version="1")
    return claim_ids(worker_id, [job.pk], SLOTS)[0]


def perform(what, text="", **options):
    """Run one job in a worker's thread; return its verdict and its row."""
    claim = claimed(Act(what=what, text=text), **options)
    verdict = in_thread(lambda: execute(claim, AttemptRecorder(claim)))
    return verdict, Job.objects.get(pk=claim.id)


def test_what_a_handler_returns_is_the_jobs_result(caplog):
    with caplog.at_level(logging.INFO, logger="queues"):
        verdict, job = perform("return", "hi")
    assert verdict is Verdict.COMPLETED
    assert (job.state, job.result, job.worker_id) == (State.COMPLETED, {"echo": "hi"}, None)
    assert job.finished_at >= job.started_at
    assert not Attempt.objects.exists()
    assert f"Job {job.pk} in contentAggregation completed successfully" in caplog.messages


def test_a_failure_waits_for_its_backoff_and_leaves_a_row():
    verdict, job = perform("raise", "no luck", backoff=60_000)
    assert verdict is Verdict.RETRYING
    assert (job.state, job.attempt, job.error_class) == (State.DELAYED, 1, "ValueError")
    assert timedelta(seconds=55) < job.run_at - job.started_at < timedelta(seconds=65)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.worker_name) == (1, "failed", "one")
    assert (attempt.error_class, attempt.error_message) == ("ValueError", "no luck")
    assert "Traceback" in attempt.traceback


def test_a_failure_without_backoff_waits_at_once():
    assert perform("raise", backoff=0)[1].state == State.WAITING


def test_the_last_failure_ends_the_job(caplog):
    verdict, job = perform("raise", "no luck", attempts=1)
    assert verdict is Verdict.FAILED
    assert (job.state, job.cause, job.error_message) == (State.FAILED, "attempts", "no luck")
    assert job.finished_at is not None
    assert f"Job {job.pk} in contentAggregation failed: no luck" in caplog.messages


def test_fail_ends_the_job_whatever_is_left():
    _, job = perform("fail", "never", attempts=9)
    assert (job.state, job.cause, job.error_message) == (State.FAILED, "refused", "never")


def test_a_snooze_costs_no_attempt():
    verdict, job = perform("snooze", "30", attempts=1)
    assert verdict is Verdict.SNOOZED
    assert (job.state, job.attempt, job.error_message) == (State.DELAYED, 0, "")
    assert timedelta(seconds=29) < job.run_at - job.started_at < timedelta(seconds=35)
    assert Attempt.objects.get().outcome == "snoozed"


@pytest.mark.parametrize("what", ["return set", "return nan", "return nul", "return huge"])
def test_a_result_that_cannot_be_stored_ends_the_job(what):
    _, job = perform(what, attempts=9)
    assert (job.state, job.cause, job.result) == (State.FAILED, "refused", None)
    assert "result" in job.error_message


@pytest.mark.parametrize("what", ["exit", "unprintable", "cancelled task", "interrupt"])
def test_whatever_a_handler_raises_is_a_failed_attempt(what):
    assert perform(what, attempts=1)[1].state == State.FAILED


def test_text_that_postgres_cannot_store_is_kept_readable():
    _, job = perform("raise odd text", attempts=1)
    assert job.error_message == "a?\ufffdb"


@pytest.mark.parametrize("what", ["autocommit off", "begin in sql"])
def test_a_handler_that_leaves_a_transaction_open_is_settled_all_the_same(what):
    assert perform(what)[1].state == State.COMPLETED


def test_a_payload_that_does_not_fit_its_kind_ends_the_job():
    job = enqueue(Note(path="/dev/null"), attempts=9)
    Job.objects.filter(pk=job.pk).update(payload={"odd": 1})
    worker_id = leases.register("one", SLOTS, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], SLOTS)
    assert in_thread(lambda: execute(claim, AttemptRecorder(claim))) is Verdict.FAILED
    job.refresh_from_db()
    assert "odd" in job.error_message


@pytest.mark.parametrize(
    "ending",
    [
        lambda claim: settling.complete(claim, "late"),
        lambda claim: settling.fail_attempt(claim, Trouble(error_class="", message="late")),
        lambda claim: settling.snooze(claim, 5),
    ],
)
def test_an_old_token_writes_nothing(ending):
    claim = claimed(Act(what="return"))
    Job.objects.filter(pk=claim.id).update(token=claim.token + 1)
    before = Job.objects.filter(pk=claim.id).values().get()
    assert ending(claim) is Verdict.LOST
    assert Job.objects.filter(pk=claim.id).values().get() == before
    assert not Attempt.objects.exists()


def test_of_two_settlings_of_one_claim_one_loses():
    for _ in range(10):
        claim = claimed(Act(what="return"))
        verdicts = together(
            lambda claim=claim: settling.complete(claim, "first"),
            lambda claim=claim: settling.snooze(claim, 5),
        )
        assert verdicts.count(Verdict.LOST) == 1


def test_rqs_one_function_takes_no_job_of_another_capped_queue():
    job, other = enqueue(Act(what="return")), enqueue(Notify(path="/dev/null"))
    for name in (job.queue, other.queue):
        queue_control.set_cap(name, 5)
    assert in_thread(lambda: run(job.pk)) == "completed"
    assert Job.objects.get(pk=other.pk).state == State.WAITING


def test_rqs_one_function_runs_a_waiting_job_and_nothing_else():
    job = enqueue(Act(what="return", text="hi"))
    assert in_thread(lambda: run(job.pk)) == "completed"
    assert in_thread(lambda: run(job.pk)) == "lost"
    assert not Worker.objects.exists()
