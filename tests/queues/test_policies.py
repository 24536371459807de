from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues import leases
from queues.claims import claim_ids
from queues.conf import MAX_ATTEMPT_ROWS, get_queues
from queues.enqueue import EnqueueError, enqueue
from queues.execution import execute
from queues.models import Attempt, Job
from queues.recorder import AttemptRecorder
from queues.registry import RegistryError, handles
from queues.retry import MAX_DELAY_MS, Backoff
from tests import settling
from tests.jobs import QUEUE, Unregistered
from tests.life_jobs import Careful, Picky
from tests.threads import in_thread
from tests.unit_jobs import Heavy, Nameless, Vague

pytestmark = pytest.mark.django_db(transaction=True)


def perform(arguments, **options):
    job = enqueue(arguments, **options)
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    in_thread(lambda: execute(claim, AttemptRecorder(claim)))
    return Job.objects.get(pk=job.pk)


def test_what_the_kind_says_wins_over_the_queue_and_what_the_job_says_over_both():
    job = enqueue(Picky(error="lookup"))
    assert (job.max_attempts, job.timeout) == (4, 77)
    own = enqueue(Picky(error="lookup"), attempts=2, timeout=5, backoff=100)
    assert (own.max_attempts, own.timeout, own.backoff["delay"]) == (2, 5, 100)


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        (Picky(error="lookup"), "delayed"),
        (Picky(error="key"), "delayed"),
        (Picky(error="value"), "failed"),
        (Careful(error="lookup"), "waiting"),
        (Careful(error="value"), "failed"),
    ],
)
def test_only_the_errors_that_the_kind_names_are_tried_again(arguments, state):
    assert perform(arguments).state == state


def test_an_error_that_is_never_tried_again_says_so():
    job = perform(Careful(error="value"))
    assert (job.cause, job.attempt, job.max_attempts) == ("refused", 1, 3)


def test_a_kinds_own_function_says_how_long_to_wait():
    job = perform(Picky(error="lookup"))
    assert timedelta(seconds=6) < job.run_at - job.started_at < timedelta(seconds=9)


def waits_as_its_queue_says(job):
    least = get_queues()[QUEUE].backoff.wait_ms(1, roll=0)
    return least and job.run_at - job.started_at >= timedelta(milliseconds=least)


def test_a_function_that_raises_leaves_the_wait_to_the_queue():
    job = perform(Picky(error="key"))
    assert (job.state, job.error_class) == ("delayed", "KeyError")
    assert waits_as_its_queue_says(job)


@pytest.mark.parametrize("answer", ["nan", "inf", "nothing", "text", "exit", "negative", "truth"])
def test_a_function_that_returns_nonsense_leaves_the_wait_to_the_queue(answer):
    job = perform(Vague(answer=answer))
    assert (job.state, job.attempt, job.error_class) == ("delayed", 1, "ValueError")
    assert waits_as_its_queue_says(job)


def test_a_function_that_returns_minus_one_ends_the_job():
    job = perform(Vague(answer="never"))
    assert (job.state, job.cause, job.attempt) == ("failed", "refused", 1)


def test_a_function_that_asks_for_ages_gets_seven_days():
    job = perform(Vague(answer="ages"))
    waits = job.run_at - job.started_at
    assert timedelta(days=7) <= waits < timedelta(days=7, seconds=9)


def test_only_a_kind_with_a_function_of_its_own_may_be_left_to_it():
    with pytest.raises(EnqueueError, match=r"backoff: is left to tests\.careful"):
        enqueue(Careful(error="value"), backoff={"type": "handler"})
    assert enqueue(Picky(error="value"), backoff={"type": "handler"}).backoff["type"] == "handler"


@given(
    type_=st.sampled_from(["fixed", "exponential"]),
    delay=st.integers(0, MAX_DELAY_MS),
    jitter=st.floats(0, 1),
    cap=st.integers(0, MAX_DELAY_MS),
    failures=st.integers(1, 1000),
    roll=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_lies_between_its_jitter_and_its_cap(type_, delay, jitter, cap, failures, roll):
    backoff = Backoff(type=type_, delay=delay, jitter=jitter, cap=cap)
    full = Backoff(type=type_, delay=delay, cap=cap).wait_ms(failures, roll=roll)
    wait = backoff.wait_ms(failures, roll=roll)
    assert full <= cap
    assert int(full * (1 - jitter)) - 1 <= wait <= full
    assert Backoff(**backoff.as_json()) == backoff


def test_a_jobs_own_backoff_wins_over_the_kinds_function():
    job = perform(Picky(error="lookup"), backoff=50_000)
    assert timedelta(seconds=49) < job.run_at - job.started_at < timedelta(seconds=55)


@pytest.mark.parametrize(("failures", "wait"), [(1, 2000), (2, 4000), (3, 5000), (40, 5000)])
def test_a_cap_bounds_the_wait(failures, wait):
    backoff = Backoff(type="exponential", delay=2000, cap=5000)
    assert backoff.wait_ms(failures, roll=0.0) == wait


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"attempts": 0}, "attempts is 0"),
        ({"attempts": True}, "attempts is True"),
        ({"timeout": 0}, "timeout is 0"),
        ({"memory_mb": 0}, "memory_mb is 0"),
        ({"run_in": "cloud"}, "run_in is 'cloud'; allowed: thread, process"),
        ({"run_in": "process", "atomic": True}, "atomic handlers run in a thread"),
        ({"backoff": {"type": "odd"}}, "backoff.type"),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_registration(options, says):
    with pytest.raises(RegistryError, match=says):
        handles(Unregistered, queue=QUEUE, **options)(lambda _arguments, _context: None)


@pytest.mark.parametrize(
    ("arguments", "queue", "says"),
    [
        (Nameless, QUEUE, "Nameless has no kind"),
        (Picky, QUEUE, "'tests.picky' has a handler already"),
        (Unregistered, "letters", "no queue 'letters'; allowed: "),
        (Heavy, QUEUE, "cannot travel as JSON"),
    ],
)
def test_a_kind_that_cannot_be_is_refused_at_registration(arguments, queue, says):
    with pytest.raises(RegistryError, match=says):
        handles(arguments, queue=queue)(lambda _arguments, _context: None)


@pytest.mark.parametrize("handler", [lambda: None, lambda _: None, lambda _, __, ___: None])
def test_a_handler_of_the_wrong_arity_is_refused(handler):
    with pytest.raises(RegistryError, match="the handler must take the arguments and the context"):
        handles(Unregistered, queue=QUEUE)(handler)


def test_a_backoff_function_of_the_wrong_arity_is_refused():
    with pytest.raises(RegistryError, match="the backoff function must take the number"):
        handles(Unregistered, queue=QUEUE, backoff=lambda _: 1)(lambda _, __: None)


def test_of_a_job_that_snoozes_for_ever_the_newest_100_attempts_stay():
    job = enqueue(Vague(answer="nothing"))
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    for _ in range(MAX_ATTEMPT_ROWS + 5):
        (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
        settling.snooze(claim, 60)
        Job.objects.update(state="waiting")
    tokens = Attempt.objects.order_by("token").values_list("token", flat=True)
    assert list(tokens) == list(range(6, MAX_ATTEMPT_ROWS + 6))
