"""Sample tasks of a third party's app, as it would write them."""

from __future__ import annotations

from django_tasks import TaskContext, task

from queues.outcomes import Fail, Snooze
from tests.jobs import note_down

NOT_A_TASK = "just a text"


def plain_function():
    raise AssertionError("A function that is no task was called.")


@task()
def noop(*args, **kwargs):
    return None


@task
def bare(*args, **kwargs):
    return None


@task()
async def noop_async(*args, **kwargs):
    return None


@task()
def meaning_of_life():
    return 42


@task()
async def double_async(number):
    return number * 2


@task()
def echo(*args, **kwargs):
    return [args, kwargs]


@task()
def fail_with_value_error():
    raise ValueError("This task failed due to ValueError")


@task()
def fail_with_system_exit():
    raise SystemExit("This task failed due to SystemExit")


@task()
def fail_with_keyboard_interrupt():
    raise KeyboardInterrupt("This task failed due to KeyboardInterrupt")


@task()
def complex_exception():
    raise ValueError(ValueError("This task failed"))


@task()
def complex_return_value():
    return {"a function": noop.func}


@task()
def huge_return_value():
    return "x" * 70_000


@task()
def give_up():
    raise Fail("never")


@task()
def come_back():
    raise Snooze(30)


@task(takes_context=True)
def own_id(context):
    return context.task_result.id


@task(takes_context=True)
def own_queue(context):
    return context.task_result.task.queue_name


@task(takes_context=True)
def about_itself(context, path):
    assert isinstance(context, TaskContext)
    result = context.task_result
    return [context.attempt, result.status, len(result.errors), path]


@task(takes_context=True)
def fail_until(context, path, attempt):
    note_down(path, f"attempt {context.attempt}")
    if context.attempt < attempt:
        raise ConnectionError("not yet")
    return context.attempt


@task()
def write(path, text):
    note_down(path, text)
    return text


@task(queue_name="notifications")
def notify():
    return "told"


def _hidden():
    return "hidden"


# At a path where no worker finds it.
renamed = task()(_hidden)


def shadowed():
    return "first"


_first = task()(shadowed)
shadowed = task()(lambda: "second")  # type: ignore[assignment]
