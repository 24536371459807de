from __future__ import annotations

import logging

import pytest

from accounts.models import User
from fediverse.activities.jobs import notify
from fediverse.activities.models import Notification
from fediverse.activities.payloads import Notify
from queues.enqueue import enqueue
from queues.execution import run
from queues.models import Job
from queues.outcomes import Fail
from queues.testing import run_job
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


def told(user_id):
    return Notify(user_id=str(user_id), type="info", message="Hello")


def test_a_worker_stores_what_the_user_is_told(ada):
    job = enqueue(told(ada.pk))
    assert in_thread(lambda: run(job.pk)) == "completed"
    stored = Notification.objects.get()
    assert (stored.user, stored.type, stored.message, stored.job_id, stored.read_at) == (
        ada, "info", "Hello", job.pk, None,
    )  # fmt: skip
    job.refresh_from_db()
    assert job.result == {"notificationId": stored.pk}


def test_a_job_that_runs_twice_tells_it_once(ada, attempt):
    first = notify(told(ada.pk), attempt)
    assert notify(told(ada.pk), attempt) == first
    assert Notification.objects.count() == 1


@pytest.mark.parametrize("user_id", ["0", "99999999", "9" * 18, "9" * 40, "test-user-id", "", "-1"])
def test_nobody_to_tell_is_the_end(ada, attempt, user_id):
    with pytest.raises(Fail, match="no user"):
        notify(told(user_id), attempt)
    job = run_job(enqueue(told(user_id)))
    assert (job.state, job.cause, job.attempt) == ("failed", "refused", 1)
    assert not Notification.objects.exists()


def test_the_logs_are_those_of_the_old_service(ada, caplog):
    with caplog.at_level(logging.INFO):
        job = enqueue(told(ada.pk))
        run_job(job)
    lines = [record.getMessage() for record in caplog.records]
    assert f"Added notification job {job.pk} for user {ada.pk}" in lines
    assert f"Processing notification job for user {ada.pk}" in lines


def test_a_user_who_goes_takes_along_what_they_were_told(ada):
    run_job(enqueue(told(ada.pk)))
    ada.delete()
    assert not Notification.objects.exists()
    assert Job.objects.exists()
