from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from queues import limits, queue_control, testing
from queues.enqueue import enqueue
from queues.flows import flow
from queues.models import Job, Worker
from queues.rate import Rate
from queues.testing import assert_enqueued, assert_not_enqueued, enqueued, run_all, run_job
from tests.flowing import node
from tests.jobs import QUEUE, Act, Flaky, Note, lines
from tests.unit_jobs import Breaking, Count, Limited

pytestmark = pytest.mark.django_db


def test_a_job_is_run_here_and_now():
    job = run_job(enqueue(Act(what="return", text="hi"), delay=60))
    assert (job.state, job.result) == ("completed", {"echo": "hi"})
    assert not Worker.objects.exists()


def test_limits_and_pauses_do_not_keep_a_test_from_running_its_jobs():
    limits.set_limit("x", concurrency=1)
    limits.close_key("x", seconds=60)
    queue_control.set_cap(QUEUE, 1)
    queue_control.set_rate(QUEUE, Rate(count=1, per=60))
    jobs = [enqueue(Act(what="return"), limit_key=key) for key in ("x", "x", "y", "")]
    assert run_job(jobs[0]).state == "completed"
    queue_control.pause(QUEUE)
    assert [job.pk for job in run_all()] == [job.pk for job in jobs[1:]]
    assert {job.state for job in Job.objects.all()} == {"completed"}


def test_a_job_that_finds_its_key_closed_is_run_again_by_the_test():
    job = run_job(enqueue(Limited(seconds=60, key="host:busy.example")))
    assert (job.state, job.limit_key, job.attempt) == ("waiting", "host:busy.example", 0)
    assert run_job(job).state == "waiting"


def test_what_a_handler_raises_is_settled_and_not_raised():
    job = run_job(enqueue(Act(what="raise", text="no luck"), attempts=1))
    assert (job.state, job.error_message) == ("failed", "no luck")


def test_a_job_that_does_not_wait_is_said():
    job = run_job(enqueue(Act(what="return")))
    with pytest.raises(AssertionError, match="does not wait: it is completed"):
        run_job(job)


def test_all_of_them_run_in_their_order_with_those_that_come_of_it(tmp_path):
    path = str(tmp_path / "ledger")
    enqueue(Note(path=path, text="low"), priority=5)
    enqueue(Note(path=path, text="plain"))
    enqueue(Flaky(path=path + "2", failures=2), backoff=0)
    done = run_all()
    assert lines(path) == ["start plain", "end plain", "start low", "end low"]
    assert [job.state for job in done].count("completed") == 3
    assert len(done) == 5


def test_what_is_delayed_runs_if_asked_for():
    enqueue(Act(what="return"), delay=60)
    assert run_all() == []
    assert [job.state for job in run_all(delayed=True)] == ["completed"]


def test_what_was_enqueued_is_found_by_its_arguments():
    enqueue(Act(what="return", text="a"))
    enqueue(Act(what="return", text="b"))
    assert assert_enqueued(Act, text="b").payload["text"] == "b"
    assert len(enqueued(Act)) == 2
    assert_not_enqueued(Act, text="c")
    assert_enqueued(Act, count=2)


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (lambda: assert_enqueued(Act, text="c"), "0 jobs of tests.act with {'text': 'c'}"),
        (lambda: assert_enqueued(Act, count=2), "1 jobs of tests.act with {}, not 2"),
        (lambda: assert_not_enqueued(Act), "1 jobs of tests.act with {}, not none"),
    ],
)
def test_what_is_not_as_expected_is_said(check, says):
    enqueue(Act(what="return", text="a"))
    with pytest.raises(AssertionError) as caught:
        check()
    assert says in str(caught.value)
    assert Job.objects.count() == 1


def test_an_atomic_handler_that_raises_has_no_effects():
    job = run_job(enqueue(Count(then="raise")))
    assert (job.state, job.attempt) == ("waiting", 1)
    assert not get_user_model().objects.exists()
    assert run_job(enqueue(Count())).state == "completed"
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("how", ["statement", "orm"])
def test_a_handler_that_breaks_the_tests_transaction_is_settled_all_the_same(how):
    before = enqueue(Act(what="return"))
    job = run_job(enqueue(Breaking(how=how)))
    assert (job.state, job.cause) == ("failed", "attempts")
    assert Job.objects.filter(pk=before.pk).exists()
    assert run_job(before).state == "completed"


def test_the_progress_that_was_written_last_is_there():
    assert run_job(enqueue(Count())).progress["done"] == 9


def test_a_job_that_snoozes_without_end_is_said(monkeypatch):
    monkeypatch.setattr(testing, "MAX_RUNS", 20)
    enqueue(Act(what="snooze", text="5"))
    with pytest.raises(AssertionError, match="More than 20 attempts"):
        run_all(delayed=True)


def test_a_flow_runs_from_the_bottom_to_the_top():
    ids = flow(node("top", node("a"), node("b")))
    assert_enqueued(Act, text="top", count=1)
    assert [job.pk for job in run_all()] == [*ids.values()]
    assert_not_enqueued(Act)
