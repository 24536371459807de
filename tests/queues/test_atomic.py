from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from queues import control, leases
from queues.claims import claim_ids
from queues.control import ControlError
from queues.enqueue import enqueue
from queues.execution import execute
from queues.models import Attempt, Job
from queues.recorder import AttemptRecorder
from queues.settlement import Verdict
from tests.jobs import QUEUE
from tests.life_jobs import Sign
from tests.threads import in_thread, together
from tests.unit_jobs import Count

pytestmark = pytest.mark.django_db(transaction=True)


def perform(arguments):
    job = enqueue(Sign(then=arguments) if isinstance(arguments, str) else arguments)
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    verdict = in_thread(lambda: execute(claim, AttemptRecorder(claim)))
    return verdict, Job.objects.get(pk=job.pk)


def effects():
    return get_user_model().objects.count(), Job.objects.filter(kind="tests.note").count()


def test_effects_and_completed_are_committed_together():
    verdict, job = perform("")
    assert (verdict, job.state, job.result) == (Verdict.COMPLETED, "completed", "signed")
    assert effects() == (1, 1)


@pytest.mark.parametrize(("then", "state"), [("raise", "waiting"), ("snooze", "delayed")])
def test_without_completed_there_are_no_effects(then, state):
    _, job = perform(then)
    assert job.state == state
    assert effects() == (0, 0)
    assert Attempt.objects.count() == 1


def test_a_job_that_was_cancelled_meanwhile_has_no_effects():
    verdict, job = perform("cancel")
    assert (verdict, job.state, job.result) == (Verdict.LOST, "cancelled", None)
    assert effects() == (0, 0)


def test_a_constraint_that_fails_at_commit_is_a_failed_attempt():
    verdict, job = perform("break")
    assert (verdict, job.state) == (Verdict.RETRYING, "waiting")
    assert "IntegrityError" in job.error_class
    assert effects() == (0, 0)


def test_a_transaction_that_will_be_rolled_back_is_not_reported_as_completed():
    verdict, job = perform("set rollback")
    assert (verdict, job.state) == (Verdict.RETRYING, "waiting")
    assert "TransactionManagementError" in job.error_class
    assert effects() == (0, 0)


def test_an_atomic_job_of_which_none_shall_stay_is_gone_at_once():
    job = enqueue(Sign(), keep_completed=True)
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    in_thread(lambda: execute(claim, AttemptRecorder(claim)))
    assert not Job.objects.filter(pk=job.pk).exists()


@pytest.mark.parametrize("then", ["", "raise", "snooze", "swallow"])
def test_the_last_progress_stays_however_it_ends(then):
    _, job = perform(Count(then=then))
    assert job.progress == {"done": 9, "total": 9, "note": "counted"}


def test_a_transaction_that_the_handler_had_broken_is_a_failed_attempt():
    verdict, job = perform(Count(then="swallow"))
    assert (verdict, job.state) == (Verdict.RETRYING, "waiting")
    assert not get_user_model().objects.exists()


def test_of_a_cancel_and_an_atomic_handler_either_all_of_it_stays_or_nothing():
    for _ in range(10):
        Job.objects.all().delete()
        get_user_model().objects.all().delete()
        job = enqueue(Count())
        worker_id = leases.register("one", {QUEUE: 4}, version="1")
        (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])

        def cancel(job_id=job.pk):
            try:
                return control.cancel(job_id)
            except ControlError:
                return None

        verdict, cancelled = together(lambda c=claim: execute(c, AttemptRecorder(c)), cancel)
        done = verdict is Verdict.COMPLETED
        assert done == (cancelled is None)
        assert get_user_model().objects.exists() == done
        assert Job.objects.get().state == ("completed" if done else "cancelled")
