"""Tasks of the task framework, run by a real worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks import default_task_backend

from queues import queue_control
from queues.models import Worker
from tests import tasks
from tests.jobs import lines
from tests.wait import until

pytestmark = pytest.mark.acceptance
HUB = "queues.tasks.HubBackend"


def finished(result):
    """Wait for the end of a task, and return its result as a stranger reads it."""

    def look():
        found = default_task_backend.get_result(result.id)
        return found if found.is_finished else None

    return until(look, what=f"task {result.id} to finish")


def test_a_worker_runs_what_tasks_there_are(start_worker, settings, tmp_path):
    options = {"attempts": 3, "backoff": 100, "default_queue": "notifications"}
    settings.TASKS = {"default": {"BACKEND": HUB, "QUEUES": [], "OPTIONS": options}}
    worker = start_worker().ready()
    log = tmp_path / "log"
    with transaction.atomic():
        plain = tasks.write.enqueue(str(log), text="plain")
        coroutine = tasks.double_async.using(queue_name="user-actions").enqueue(21)
    flaky = tasks.fail_until.enqueue(str(tmp_path / "flaky"), attempt=3)
    hopeless = tasks.fail_with_value_error.enqueue()
    due = timezone.now() + timedelta(seconds=1)
    deferred = tasks.meaning_of_life.using(run_after=due).enqueue()

    done = finished(plain)
    assert (done.return_value, done.attempts, lines(log)) == ("plain", 1, ["plain"])
    assert done.worker_ids == [Worker.objects.get(pid=worker.process.pid).name]
    assert finished(coroutine).return_value == 42
    assert (finished(flaky).return_value, finished(flaky).attempts) == (3, 3)
    assert lines(tmp_path / "flaky") == ["attempt 1", "attempt 2", "attempt 3"]
    failed = finished(hopeless)
    assert [error.exception_class for error in failed.errors] == [ValueError] * 3
    later = finished(deferred)
    assert (later.return_value, later.started_at >= due) == (42, True)
    assert "path=tests.tasks.write state=SUCCESSFUL" in worker.log.read_text()


def test_a_worker_runs_waiting_tasks_in_the_order_of_their_priority(start_worker, tmp_path):
    log = tmp_path / "log"
    queue_control.pause("notifications")
    for priority in (0, -100, 100, 1, -1):
        tasks.write.using(priority=priority).enqueue(str(log), text=str(priority))
    start_worker("--slots", "notifications=1", "notifications").ready()
    queue_control.resume("notifications")
    until(lambda: len(lines(log)) == 5, what="the tasks to run")
    assert lines(log) == ["100", "1", "0", "-1", "-100"]
