"""What tasks come to that are more than one call: retries, cancelling, rows of other hands."""

from __future__ import annotations

import pytest
from django_tasks import default_task_backend
from django_tasks.exceptions import TaskResultDoesNotExist
from django_tasks.signals import task_enqueued, task_finished, task_started

from queues import control, leases, registry
from queues.calling import call
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Attempt, Job
from queues.recorder import AttemptRecorder
from queues.states import State
from queues.tasks.arguments import RunTask
from queues.tasks.errors import TaskCancelledError, WorkerDiedError
from queues.tasks.results import STATUSES
from queues.testing import run_all, run_job
from tests import tasks
from tests.jobs import Act, lines

pytestmark = pytest.mark.django_db
HUB = "queues.tasks.HubBackend"
QUEUE = "notifications"


@pytest.fixture
def options(settings):
    """Set OPTIONS of the backend."""

    def set_options(**options):
        options = {"default_queue": QUEUE, **options}
        settings.TASKS = {"default": {"BACKEND": HUB, "QUEUES": [], "OPTIONS": options}}

    return set_options


@pytest.fixture
def heard():
    """What the framework's listeners are told, as names and statuses."""
    told = []
    signals = {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}

    def listener(name):
        def listen(sender, task_result, **_):
            told.append((name, task_result.status.value))

        return listen

    listeners = {name: listener(name) for name in signals}
    for name, signal in signals.items():
        signal.connect(listeners[name])
    yield told
    for name, signal in signals.items():
        signal.disconnect(listeners[name])


def job_of(result):
    return Job.objects.get(pk=result.id)


def run(result):
    run_job(job_of(result))
    return default_task_backend.get_result(result.id)


def test_every_state_of_a_job_is_a_status():
    assert set(STATUSES) == set(State)


def test_a_task_is_tried_again_and_keeps_the_errors_of_each_run(options, tmp_path):
    options(attempts=3, backoff=0)
    result = tasks.fail_until.enqueue(str(tmp_path / "log"), attempt=3)
    first = run(result)
    assert (first.status, first.attempts, first.finished_at) == ("READY", 1, None)
    run(result)
    done = run(result)
    assert (done.status, done.return_value, done.attempts) == ("SUCCESSFUL", 3, 3)
    assert [error.exception_class for error in done.errors] == [ConnectionError] * 2
    assert lines(tmp_path / "log") == ["attempt 1", "attempt 2", "attempt 3"]
    assert done.started_at == first.started_at < done.last_attempted_at
    assert done.worker_ids == ["testing"] * 3


def test_fail_ends_a_task_whatever_is_left(options):
    options(attempts=5)
    done = run(tasks.give_up.enqueue())
    assert (done.status, done.attempts) == ("FAILED", 1)


def test_a_snooze_lets_a_task_come_back_and_is_no_error():
    result = run(tasks.come_back.enqueue())
    assert (result.status, result.errors, result.attempts) == ("READY", [], 1)
    assert job_of(result).attempt == 0


@pytest.mark.parametrize("which", [tasks.complex_return_value, tasks.huge_return_value])
def test_a_value_that_cannot_be_kept_is_not_tried_again(options, heard, which):
    options(attempts=5)
    done = run(which.enqueue())
    assert (done.status, len(done.errors)) == ("FAILED", 1)
    assert done.errors[0].exception_class.__name__ == "ResultError"
    assert heard[-1] == ("finished", "FAILED")


def test_a_cancelled_task_has_failed():
    result = tasks.noop.enqueue()
    control.cancel(int(result.id))
    result.refresh()
    assert (result.status, result.attempts) == ("FAILED", 0)
    assert result.errors[0].exception_class is TaskCancelledError
    assert result.finished_at is not None


@pytest.mark.parametrize(
    ("outcome", "error_class", "expected"),
    [("crashed", "", WorkerDiedError), ("timed out", "TimeoutError", TimeoutError)],
)
def test_what_ended_a_run_from_outside_is_an_error_too(outcome, error_class, expected):
    result = tasks.noop.enqueue()
    Attempt.objects.create(
        job_id=result.id, number=1, token=1, outcome=outcome, worker_name="one",
        started_at=result.enqueued_at, finished_at=result.enqueued_at,
        error_class=error_class, error_message="It ended.",
    )  # fmt: skip
    Job.objects.filter(pk=result.id).update(token=1)
    result.refresh()
    assert (result.worker_ids, result.started_at) == (["one"], result.enqueued_at)
    assert result.errors[0].exception_class is expected
    assert result.errors[0].traceback == "It ended."


def test_an_operators_retry_runs_a_task_again():
    result = tasks.fail_with_value_error.enqueue()
    assert run(result).status == "FAILED"
    control.retry(int(result.id))
    assert default_task_backend.get_result(result.id).status == "READY"
    assert len(run(result).errors) == 2


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("subprocess.check_output", "is no task: it is a function"),
        ("tests.tasks.plain_function", "is no task: it is a function"),
        ("tests.tasks.NOT_A_TASK", "is no task: it is a str"),
        ("builtins.eval", "is no task"),
    ],
)
def test_a_row_cannot_choose_what_is_called(path, says):
    job = enqueue(RunTask(task=path, backend="default"), queue=QUEUE, attempts=9)
    done = run_job(job)
    assert (done.state, done.cause) == ("failed", "refused")
    assert says in done.error_message
    with pytest.raises(TaskResultDoesNotExist, match="is no task"):
        default_task_backend.get_result(str(job.pk))


def test_a_task_that_a_deploy_may_bring_is_tried_again():
    path = "tests.tasks.of_tomorrow"
    job = enqueue(RunTask(task=path, backend="default"), queue=QUEUE, attempts=2, backoff=0)
    waiting = run_job(job)
    assert (waiting.state, waiting.error_class) == ("waiting", "ImportError")
    assert run_job(job).state == "failed"
    with pytest.raises(TaskResultDoesNotExist, match="of_tomorrow"):
        default_task_backend.get_result(str(job.pk))


@pytest.mark.parametrize(
    "odd",
    [{"args": "{}"}, {"args": "["}, {"kwargs": "[]"}, {"run_after": "tomorrow"}],
)
def test_a_row_that_holds_no_call_ends_in_words(odd):
    arguments = RunTask(task="tests.tasks.noop", backend="default", **odd)
    job = enqueue(arguments, queue=QUEUE, attempts=9)
    done = run_job(job)
    assert (done.state, done.cause, done.error_class) == (
        "failed", "refused", "queues.arguments.ArgumentsError",
    )  # fmt: skip
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(str(job.pk))


def test_a_row_of_a_backend_that_is_gone_fails_in_words():
    job = enqueue(RunTask(task="tests.tasks.noop", backend="gone"), queue=QUEUE)
    assert "'gone' doesn't exist" in run_job(job).error_message


def test_the_result_of_another_backends_task_does_not_exist(settings):
    settings.TASKS = {**settings.TASKS, "other": settings.TASKS["default"]}
    result = tasks.noop.using(backend="other").enqueue()
    assert result.backend == "other"
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(result.id)
    settings.TASKS = {"default": settings.TASKS["default"]}
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(result.id)


def test_the_result_of_a_task_whose_queue_its_backend_left_does_not_exist(settings):
    result = tasks.notify.enqueue()
    settings.TASKS = {"default": {"BACKEND": HUB, "QUEUES": ["user-actions"]}}
    with pytest.raises(TaskResultDoesNotExist, match="'notifications' is not valid"):
        default_task_backend.get_result(result.id)


@pytest.mark.parametrize(
    "odd",
    [
        "", "0", "-1", "+1", " 1", "1 ", "1.0", "1e3", "01", "٣", "²", "None", "x" * 64,
        str(2**63), str(2**63 - 1), "9" * 5000, "\x00", "\ud800", None, 1.5, -1,
    ],
)  # fmt: skip
def test_what_is_no_id_has_no_result(odd):
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(odd)


def test_a_job_of_another_kind_is_no_task():
    job = enqueue(Act(what="return"))
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(str(job.pk))


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (tasks.noop, [("finished", "SUCCESSFUL")]),
        (tasks.fail_with_value_error, [("finished", "FAILED")]),
        (tasks.give_up, [("finished", "FAILED")]),
        (tasks.come_back, []),
    ],
)
def test_listeners_hear_of_the_end_once_it_is_one(heard, which, expected):
    run(which.enqueue())
    assert heard == [("enqueued", "READY"), ("started", "RUNNING"), *expected]


def test_listeners_hear_of_one_end_however_often_a_task_is_tried(options, heard):
    options(attempts=3, backoff=0)
    tasks.fail_with_value_error.enqueue()
    run_all()
    assert heard == [("enqueued", "READY"), *[("started", "RUNNING")] * 3, ("finished", "FAILED")]


@pytest.mark.parametrize("which", [tasks.noop, tasks.fail_with_value_error])
def test_listeners_do_not_hear_of_an_end_that_comes_after_the_job_was_taken_away(heard, which):
    result = which.enqueue()
    worker_id = leases.register("one", {QUEUE: 1}, version="")
    (claim,) = claim_ids(worker_id, [int(result.id)], [QUEUE])
    recorder = AttemptRecorder(claim)
    recorder.cancel()
    call(registry.get(claim.kind), claim, recorder)
    assert heard == [("enqueued", "READY"), ("started", "RUNNING")]


def test_a_listener_that_raises_fails_no_task():
    def listen(**_):
        raise RuntimeError("a listener's own trouble")

    signals = (task_enqueued, task_started, task_finished)
    for signal in signals:
        signal.connect(listen)
    try:
        assert run(tasks.meaning_of_life.enqueue()).return_value == 42
    finally:
        for signal in signals:
            signal.disconnect(listen)
