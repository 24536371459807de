from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from queues import leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.execution import execute
from queues.models import Attempt, Job
from queues.recorder import AttemptRecorder
from queues.settle import Verdict
from tests.jobs import QUEUE
from tests.life_jobs import Sign
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def perform(then=""):
    job = enqueue(Sign(then=then))
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    verdict = in_thread(lambda: execute(claim, AttemptRecorder(claim)))
    return verdict, Job.objects.get(pk=job.pk)


def effects():
    return get_user_model().objects.count(), Job.objects.filter(kind="tests.note").count()


def test_effects_and_completed_are_committed_together():
    verdict, job = perform()
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
