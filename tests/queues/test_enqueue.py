from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import transaction

from queues.enqueue import EnqueueError, enqueue, enqueue_many
from queues.models import Job
from queues.states import State
from queues.transport import hints
from tests.jobs import Act, Note, Notify, Unregistered

NOTE = Note(path="/dev/null", text="hello")
FREE = {"content-aggregation": 10, "notifications": 10}


@pytest.mark.django_db
def test_the_row_has_the_payload_and_its_queues_defaults():
    job = Job.objects.get(pk=enqueue(NOTE).pk)
    assert (job.queue, job.kind, job.state) == ("content-aggregation", "tests.note", "waiting")
    assert job.payload == {"path": "/dev/null", "text": "hello", "seconds": 0}
    assert job.max_attempts == 3
    assert (job.backoff["type"], job.backoff["delay"]) == ("exponential", 2000)
    assert (job.attempt, job.token, job.crashes, job.priority) == (0, 0, 0, 0)


@pytest.mark.django_db
def test_a_jobs_own_options_win():
    options = {"attempts": 7, "timeout": 9, "priority": 4, "keep_completed": 0, "keep_failed": 2}
    job = Job.objects.get(pk=enqueue(NOTE, backoff=100, **options).pk)
    assert (job.max_attempts, job.timeout, job.priority) == (7, 9, 4)
    assert (job.keep_completed, job.keep_failed) == (0, 2)
    assert job.backoff["delay"] == 100


@pytest.mark.django_db(transaction=True)
def test_a_job_may_go_to_another_queue_than_its_kinds_and_has_its_defaults():
    job = enqueue(NOTE, queue="user-actions")
    enqueue_many([(NOTE, {"queue": "notifications"}), NOTE])
    assert list(Job.objects.order_by("id").values_list("queue", "max_attempts")) == [
        ("user-actions", 5),
        ("notifications", 2),
        ("content-aggregation", 3),
    ]
    assert hints.pop({"user-actions": 10}) == [job.pk]


@pytest.mark.django_db
def test_a_delayed_job_is_due_after_its_delay():
    job = enqueue(NOTE, delay=2.5)
    job.refresh_from_db()
    assert job.state == State.DELAYED
    assert timedelta(seconds=2.4) < job.run_at - job.created_at < timedelta(seconds=3)


@pytest.mark.django_db(transaction=True)
def test_a_commit_pushes_the_id_and_says_so(caplog):
    with caplog.at_level(logging.INFO, logger="queues"), transaction.atomic():
        job = enqueue(NOTE)
        assert hints.pop(FREE) == []
    assert hints.pop(FREE) == [job.pk]
    assert f"Added content aggregation job {job.pk}" in caplog.messages


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_neither_row_nor_hint():
    with transaction.atomic():
        enqueue(NOTE)
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert hints.pop(FREE) == []


@pytest.mark.django_db(transaction=True)
def test_hints_come_without_priority_first_then_by_priority_then_in_order():
    low = enqueue(NOTE, priority=9).pk
    first = enqueue(NOTE, priority=2).pk
    second = enqueue(NOTE, priority=2).pk
    plain = enqueue(NOTE).pk
    other = enqueue(Notify(path="/dev/null")).pk
    assert hints.pop(FREE) == [plain, first, second, low, other]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"delay": -1}, "delay"),
        ({"delay": float("nan")}, "delay"),
        ({"delay": float("inf")}, "delay"),
        ({"delay": "5"}, "delay"),
        ({"delay": True}, "delay"),
        ({"priority": -1}, "priority"),
        ({"priority": 2_097_152}, "priority"),
        ({"priority": 1.0}, "priority"),
        ({"attempts": 0}, "attempts"),
        ({"attempts": False}, "attempts"),
        ({"timeout": 0}, "timeout"),
        ({"keep_completed": -1}, "keep_completed"),
        ({"keep_failed": "all"}, "keep_failed"),
        ({"backoff": {"type": "odd"}}, "backoff"),
        ({"backoff": object()}, "backoff"),
        ({"queue": "letters"}, "queue"),
        ({"queue": None}, "queue"),
    ],
)
def test_a_wrong_option_is_named_and_leaves_nothing(options, field):
    with pytest.raises(EnqueueError) as caught:
        enqueue(NOTE, **options)
    assert caught.value.field == field
    assert "allowed" in str(caught.value)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_an_unknown_option_is_an_error():
    with pytest.raises(EnqueueError, match="timestamp: is no option; allowed: delay"):
        enqueue(NOTE, timestamp="2025")
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (Act(what="a\x00"), "payload"),
        (Act(what="\ud800"), "payload"),
        (Act(what="x" * 70_000), "payload"),
        (Act(what=7), "payload"),  # type: ignore[arg-type]
        (Unregistered(), "kind"),
        (5, "arguments"),
    ],
)
def test_arguments_that_cannot_travel_are_refused(arguments, field):
    with pytest.raises(EnqueueError) as caught:
        enqueue(arguments)
    assert caught.value.field == field
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_what_enqueue_returns_has_the_values_of_its_row():
    job = enqueue(Act(what="return"))
    row = Job.objects.get(pk=job.pk)
    fields = [field.attname for field in Job._meta.concrete_fields]
    assert {name: getattr(job, name) for name in fields} == {
        name: getattr(row, name) for name in fields
    }
