"""Where a task's job goes, in which order, with which options, and what is refused."""

from __future__ import annotations

import random

import pytest
from django.urls import reverse
from django_tasks import default_task_backend
from django_tasks.exceptions import InvalidTaskError
from hypothesis import given
from hypothesis import strategies as st

from queues.enqueue import EnqueueError, enqueue
from queues.models import Job
from queues.tasks.arguments import RunTask
from queues.tasks.priorities import place_of, priority_of
from queues.testing import assert_enqueued, run_all
from tests import tasks
from tests.jobs import Notify

HUB = "queues.tasks.HubBackend"
PRIORITIES = st.integers(-100, 100)


def backend(settings, queues=(), **options):
    options = {"default_queue": "notifications", **options}
    settings.TASKS = {"default": {"BACKEND": HUB, "QUEUES": [*queues], "OPTIONS": options}}
    return default_task_backend


@given(PRIORITIES, PRIORITIES)
def test_a_higher_priority_has_an_earlier_place(one, other):
    assert (one > other) == (place_of(one) < place_of(other))
    assert priority_of(place_of(one)) == one


def test_places_are_those_of_jobs_and_beyond_them_is_the_lowest_priority():
    assert [place_of(priority) for priority in (100, 1, 0, -1, -100)] == [0, 99, 100, 101, 200]
    assert priority_of(2_097_151) == -100


@pytest.mark.django_db
def test_tasks_run_by_priority_and_equal_ones_in_their_order():
    wanted = [100, 50, 1, 0, 0, -1, -100]
    shuffled = random.Random(7).sample(wanted, len(wanted))  # noqa: S311
    results = [tasks.noop.using(priority=priority).enqueue() for priority in shuffled]
    ran = [default_task_backend.get_result(str(job.pk)) for job in run_all()]
    assert [result.task.priority for result in ran] == wanted
    equal = [result.id for result in results if result.task.priority == 0]
    assert [result.id for result in ran if result.task.priority == 0] == equal


@pytest.mark.django_db
def test_a_job_stands_beside_ordinary_tasks_with_their_place():
    first = tasks.notify.enqueue()
    level = enqueue(Notify(path="/dev/null"), priority=place_of(0))
    second = tasks.notify.enqueue()
    assert [job.pk for job in run_all()] == [int(first.id), level.pk, int(second.id)]


@pytest.mark.django_db
def test_the_queue_is_the_tasks_with_its_defaults(settings):
    backend(settings)
    tasks.noop.using(queue_name="user-actions").enqueue()
    tasks.notify.enqueue()
    found = Job.objects.order_by("id").values_list("queue", "max_attempts", "kind", "name")
    assert list(found) == [
        ("user-actions", 5, "django.task", "tests.tasks.noop"),
        ("notifications", 2, "django.task", "tests.tasks.notify"),
    ]


@pytest.mark.django_db
def test_tasks_of_this_project_are_tried_once_in_every_queue(settings):
    for name in settings.QUEUES:
        tasks.noop.using(queue_name=name).enqueue()
    tasks.noop.enqueue()
    assert set(Job.objects.values_list("max_attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_results_stay_a_day_and_failures_a_week_whatever_the_queue_says():
    tasks.notify.enqueue()
    job = Job.objects.get()
    assert (job.keep_completed, job.keep_completed_age) == (-1, 86_400)
    assert (job.keep_failed, job.keep_failed_age) == (-1, 7 * 86_400)


@pytest.mark.django_db
def test_options_are_those_of_a_job(settings):
    options = {"attempts": 7, "backoff": {"type": "exponential", "delay": 500}, "timeout": 60}
    backend(settings, **options, keep_completed=3, keep_failed=False)
    tasks.noop.enqueue()
    job = Job.objects.get()
    assert (job.max_attempts, job.timeout, job.keep_completed, job.keep_failed) == (7, 60, 3, -1)
    assert job.backoff["type"] == "exponential"


@pytest.mark.django_db
def test_arguments_arrive_as_they_were_given():
    odd = {"a": [1, None, True, 1.5, 2**70], "quote\"'\\": "é\n\x00", "deep": [[[[{}]]]]}
    result = tasks.echo.enqueue("one", b"two", (3, 4), five=odd)
    assert result.args == ["one", "two", [3, 4]]
    run_all()
    result.refresh()
    assert result.kwargs == {"five": odd}
    assert result.args == ["one", "two", [3, 4]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "field"),
    [(float("nan"), "args"), ("x" * 70_000, "payload"), ("\ud800", "payload")],
)
def test_arguments_that_cannot_travel_are_refused_in_words(value, field):
    with pytest.raises(EnqueueError) as caught:
        tasks.noop.enqueue(value)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_a_list_within_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(EnqueueError, match="kwargs: are not JSON"):
        tasks.noop.enqueue(value=value)


@pytest.mark.parametrize(
    ("which", "says"),
    [
        (tasks.renamed, "A worker would not find the task: tests.tasks._hidden is no task"),
        (tasks._first, "A worker would find another task at tests.tasks.shadowed"),
        (tasks.shadowed, "A worker would not find the task"),
    ],
)
def test_a_task_that_no_worker_would_find_is_refused(which, says):
    with pytest.raises(InvalidTaskError, match=says):
        which.enqueue()


@pytest.mark.django_db
def test_the_tasks_path_is_the_jobs_name_in_the_admin(admin_client):
    tasks.echo.enqueue("a word")
    page = admin_client.get(reverse("admin:queues_job_changelist"))
    assert "tests.tasks.echo" in page.content.decode()
    assert assert_enqueued(RunTask, task="tests.tasks.echo", args='["a word"]')


@pytest.mark.django_db
def test_without_queues_of_its_own_a_backend_has_all(settings):
    found = backend(settings)
    assert found.queues == {*settings.QUEUES, "default"}
    tasks.noop.using(queue_name="user-actions").enqueue()
    assert Job.objects.get().queue == "user-actions"


@pytest.mark.django_db
def test_a_queue_that_does_not_exist_is_a_check_and_an_error(settings):
    found = backend(settings, ["notifications", "letters"])
    (error,) = found.check()
    assert (error.id, error.msg) == (
        "queues.E010", "TASKS['default']: there is no queue 'letters'.",
    )  # fmt: skip
    with pytest.raises(EnqueueError, match="queue: is 'letters'; allowed: content-aggregation"):
        tasks.noop.using(queue_name="letters").enqueue()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"attempts": 0}, "attempts: is 0"),
        ({"backoff": {"type": "odd"}}, "backoff: "),
        ({"timeout": "soon"}, "timeout: is 'soon'"),
        ({"keep_completed": -5}, "keep_completed: "),
        ({"delay": 5}, "delay: is no option; allowed: attempts, backoff, timeout"),
    ],
)
def test_options_out_of_range_are_a_check_and_an_error(settings, options, says):
    found = backend(settings, **options)
    (error,) = found.check()
    assert error.id == "queues.E011"
    assert f"OPTIONS: {says}" in error.msg
    with pytest.raises(EnqueueError, match=says):
        tasks.noop.enqueue()


def test_queues_that_cannot_be_used_are_left_to_their_own_check(settings):
    found = backend(settings, ["letters"])
    settings.QUEUES = {"notifications": {"attempts": 0}}
    assert list(found.check()) == []
