"""The cases of the task framework's own backends, for this one: its wheel ships no tests."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend, task, task_backends
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist, TaskResultMismatch

from queues.models import Job
from queues.options import EnqueueError
from queues.tasks import HubBackend
from queues.testing import run_job
from tests import tasks
from tests.threads import in_thread

pytestmark = pytest.mark.django_db


def run(result):
    """Run one attempt of a task, and return its result as it is afterwards."""
    run_job(Job.objects.get(pk=result.id))
    return default_task_backend.get_result(result.id)


def test_using_correct_backend():
    assert default_task_backend == task_backends["default"]
    assert isinstance(task_backends["default"], HubBackend)
    assert default_task_backend.alias == "default"


@pytest.mark.parametrize("name", ["defer", "async_task", "get_result", "priority"])
def test_every_feature_is_supported(name):
    assert getattr(default_task_backend, f"supports_{name}") is True


@pytest.mark.parametrize("which", [tasks.noop, tasks.bare, tasks.noop_async])
def test_enqueue_task(which, django_assert_num_queries):
    with django_assert_num_queries(1):
        result = which.enqueue(1, two=3)
    assert (result.status, result.is_finished, result.attempts) == ("READY", False, 0)
    assert (result.started_at, result.last_attempted_at, result.finished_at) == (None, None, None)
    with pytest.raises(ValueError, match="Task has not finished yet"):
        _ = result.return_value
    assert (result.task, result.args, result.kwargs) == (which, [1], {"two": 3})
    assert (result.backend, result.errors, result.worker_ids) == ("default", [], [])


@pytest.mark.parametrize("which", [tasks.noop, tasks.noop_async])
def test_enqueue_task_async(which):
    result = async_to_sync(which.aenqueue)(1, two=3)
    assert (result.status, result.task, result.args) == ("READY", which, [1])


@pytest.mark.parametrize("which", [tasks.noop, tasks.noop_async])
def test_run_enqueued_task(which):
    result = which.enqueue()
    done = run(result)
    assert result.status == "READY"
    assert (done.status, done.return_value, done.attempts) == ("SUCCESSFUL", None, 1)
    assert done.enqueued_at <= done.started_at <= done.finished_at
    assert done.last_attempted_at == done.started_at
    assert done.worker_ids == ["testing"]


@pytest.mark.parametrize(
    ("which", "error"),
    [
        (tasks.fail_with_value_error, ValueError),
        (tasks.fail_with_system_exit, SystemExit),
        (tasks.fail_with_keyboard_interrupt, KeyboardInterrupt),
    ],
)
def test_catches_exception(which, error):
    done = run(which.enqueue())
    assert (done.status, done.is_finished, done.attempts) == (TaskResultStatus.FAILED, True, 1)
    with pytest.raises(ValueError, match="Task failed"):
        _ = done.return_value
    assert done.enqueued_at <= done.started_at <= done.finished_at
    assert done.errors[0].exception_class is error
    words = f"{error.__name__}: This task failed due to {error.__name__}\n"
    assert done.errors[0].traceback.endswith(words)


def test_complex_exception():
    done = run(tasks.complex_exception.enqueue())
    assert done.errors[0].exception_class is ValueError
    assert 'ValueError(ValueError("This task failed"))' in done.errors[0].traceback


def test_complex_return_value():
    done = run(tasks.complex_return_value.enqueue())
    assert (done.status, done._return_value) == ("FAILED", None)
    assert "Unsupported type" in done.errors[0].traceback


def test_result():
    assert run(tasks.meaning_of_life.enqueue()).return_value == 42


def test_result_async():
    result = async_to_sync(tasks.double_async.aenqueue)(21)
    run_job(Job.objects.get(pk=result.id))
    assert async_to_sync(default_task_backend.aget_result)(result.id).return_value == 42


def test_get_result(django_assert_num_queries):
    result = default_task_backend.enqueue(tasks.noop, [], {})
    with django_assert_num_queries(1):
        assert default_task_backend.get_result(result.id) == result
    assert tasks.noop.get_result(result.id) == result
    assert async_to_sync(tasks.noop.aget_result)(result.id) == result


def test_refresh_result():
    result = tasks.meaning_of_life.enqueue()
    before = dataclasses.asdict(result)
    result.refresh()
    assert dataclasses.asdict(result) == before
    run(result)
    result.refresh()
    assert (result.status, result.return_value, result.attempts) == ("SUCCESSFUL", 42, 1)


def test_refresh_result_async():
    result = tasks.meaning_of_life.enqueue()
    run(result)
    async_to_sync(result.arefresh)()
    assert (result.status, result.return_value) == ("SUCCESSFUL", 42)


def test_get_incorrect_result():
    result = tasks.noop_async.enqueue()
    with pytest.raises(TaskResultMismatch):
        tasks.noop.get_result(result.id)


@pytest.mark.parametrize("result_id", ["123", "7f1a7a9e-3b1f-4b43-a6d7-e2a1c0a6a1d4"])
def test_get_missing_result(result_id):
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(result_id)
    with pytest.raises(TaskResultDoesNotExist):
        async_to_sync(default_task_backend.aget_result)(result_id)


def test_takes_context():
    result = tasks.own_id.enqueue()
    assert run(result).return_value == result.id


def test_context():
    assert run(tasks.about_itself.enqueue("x")).return_value == [1, "RUNNING", 0, "x"]


def test_run_after():
    due = timezone.now() + timedelta(hours=10)
    result = tasks.noop.using(run_after=due).enqueue()
    job = Job.objects.get(pk=result.id)
    assert (job.state, job.run_at, result.status) == ("delayed", due, "READY")
    assert default_task_backend.get_result(result.id) == result
    assert result.task.run_after == due


def test_naive_datetime():
    with pytest.raises(InvalidTaskError, match="run_after must be an aware datetime"):
        tasks.noop.using(run_after=datetime.now())  # noqa: DTZ005  (that is the point)


@pytest.mark.parametrize("priority", [-101, 101, 3.1])
def test_invalid_priority(priority):
    with pytest.raises(InvalidTaskError, match="a whole number between -100 and 100"):
        tasks.noop.using(priority=priority)


def test_unknown_queue_name():
    with pytest.raises(InvalidTaskError, match="Queue 'letters' is not valid for backend"):
        tasks.noop.using(queue_name="letters")


@pytest.mark.parametrize(
    "enqueue", [lambda task: task.enqueue(), lambda task: async_to_sync(task.aenqueue)()]
)
def test_validate_on_enqueue(settings, enqueue):
    validated_before = tasks.noop.using(queue_name="notifications")
    settings.TASKS = {"default": {**settings.TASKS["default"], "QUEUES": ["user-actions"]}}
    with pytest.raises(InvalidTaskError, match="Queue 'notifications' is not valid for backend"):
        enqueue(validated_before)
    assert not Job.objects.exists()


def test_invalid_function():
    for function in (any, test_invalid_function.__get__(object())):
        with pytest.raises(InvalidTaskError, match="must be defined at a module level"):
            task()(function)


def test_takes_context_without_taking_context():
    with pytest.raises(InvalidTaskError, match="does not have a first argument of 'context'"):
        task(takes_context=True)(tasks.meaning_of_life.func)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), {1, 2}, object(), b"\xff"])  # noqa: DTZ001
def test_enqueue_with_invalid_argument(value):
    for args, kwargs in (([value], {}), ([], {"a": [value]})):
        with pytest.raises((TypeError, EnqueueError), match="Unsupported"):
            tasks.noop.enqueue(*args, **kwargs)
    assert not Job.objects.exists()


def test_enqueue_logs(caplog):
    with caplog.at_level("DEBUG", logger="django_tasks"):
        result = tasks.noop.enqueue()
    assert f"Task id={result.id} path=tests.tasks.noop enqueued backend=default" in caplog.messages


@pytest.mark.parametrize(
    ("which", "state"), [(tasks.noop, "SUCCESSFUL"), (tasks.fail_with_value_error, "FAILED")]
)
def test_started_finished_logs(caplog, which, state):
    result = which.enqueue()
    with caplog.at_level("DEBUG", logger="django_tasks"):
        run(result)
    told = [record.message for record in caplog.records if record.name == "django_tasks"]
    path = f"Task id={result.id} path={which.module_path}"
    assert told == [f"{path} state=RUNNING", f"{path} state={state}"]


def test_check():
    assert list(default_task_backend.check()) == []


@pytest.mark.django_db(transaction=True)
def test_wait_until_transaction_commit():
    with transaction.atomic():
        result = tasks.noop.enqueue()
        assert result.enqueued_at is not None
        assert in_thread(Job.objects.exists) is False
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    with pytest.raises(TaskResultDoesNotExist):
        result.refresh()
