"""Tasks that name no queue, which the framework calls `default`, where there is no such queue."""

from __future__ import annotations

import pytest
from django_tasks import default_task_backend
from django_tasks.exceptions import InvalidTaskError

from queues.enqueue import EnqueueError
from queues.models import Job
from queues.tasks.arguments import RunTask
from queues.testing import assert_enqueued, run_all
from tests import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def backend(settings):
    """Set the backend's QUEUES and OPTIONS, and return it."""

    def set_backend(queues=(), **options):
        params = {"BACKEND": "queues.tasks.HubBackend", "QUEUES": [*queues], "OPTIONS": options}
        settings.TASKS = {"default": params}
        return default_task_backend

    return set_backend


def test_they_go_to_the_default_queue_and_the_others_where_they_say(backend):
    backend(default_queue="user-actions")
    tasks.noop.enqueue()
    tasks.notify.enqueue()
    found = Job.objects.order_by("id").values_list("queue", "max_attempts")
    assert list(found) == [("user-actions", 5), ("notifications", 2)]


@pytest.mark.parametrize("queue_name", ["default", "notifications", "user-actions"])
def test_a_task_comes_back_as_it_was_enqueued(queue_name):
    task = tasks.noop.using(queue_name=queue_name)
    result = task.enqueue()
    found = default_task_backend.get_result(result.id)
    assert result.task == found.task == task
    run_all()
    assert default_task_backend.get_result(result.id).task == task


def test_a_running_task_sees_the_queue_that_it_named():
    result = tasks.own_queue.enqueue()
    assert Job.objects.get().queue == "notifications"
    run_all()
    assert default_task_backend.get_result(result.id).return_value == "default"


def test_a_job_stays_in_its_queue_when_another_becomes_the_default(backend):
    backend(default_queue="notifications")
    result = tasks.noop.enqueue()
    found = backend(default_queue="user-actions").get_result(result.id)
    assert found.task.queue_name == Job.objects.get().queue == "notifications"
    (done,) = run_all()
    assert done.state == "completed"


def test_the_default_queue_need_not_be_one_that_tasks_may_name(backend):
    found = backend(["user-actions"], default_queue="notifications")
    assert (found.check(), found.queues) == ([], {"user-actions", "default"})
    result = tasks.bare.enqueue()
    assert found.get_result(result.id).task == tasks.bare
    with pytest.raises(InvalidTaskError, match="Queue 'notifications' is not valid"):
        tasks.bare.using(queue_name="notifications")


def test_without_one_they_go_to_the_queue_of_that_name(backend, settings):
    settings.QUEUES = {**settings.QUEUES, "default": {"attempts": 4}}
    found = backend()
    assert found.check() == []
    result = tasks.noop.enqueue()
    job = assert_enqueued(RunTask)
    assert (job.queue, job.max_attempts) == ("default", 4)
    assert found.get_result(result.id).task == tasks.noop


def test_without_one_and_without_such_a_queue_they_are_refused(backend):
    assert backend().check() == []
    with pytest.raises(InvalidTaskError, match="Queue 'default' is not valid"):
        tasks.noop.enqueue()


def test_a_backend_that_lists_a_queue_of_that_name_is_told_of_the_option(backend):
    (error,) = backend(["default"]).check()
    assert (error.id, error.msg) == (
        "queues.E010", "TASKS['default']: there is no queue 'default'.",
    )  # fmt: skip
    assert "Tasks that name no queue go to the default_queue of OPTIONS." in error.hint
    assert backend(["default"], default_queue="notifications").check() == []


@pytest.mark.parametrize("odd", ["letters", "default", "", None, 7, True, ["notifications"], {}])
def test_one_that_is_no_queue_is_a_check_and_an_error(backend, odd):
    (error,) = backend(default_queue=odd).check()
    assert error.id == "queues.E011"
    says = f"OPTIONS: default_queue: is {odd!r}; allowed: content-aggregation, notifications, "
    assert says in error.msg
    with pytest.raises(EnqueueError) as caught:
        tasks.noop.enqueue()
    assert caught.value.field == "default_queue"
    assert not Job.objects.exists()
