"""Hints that are lost, refused or flushed. Order of service is in Postgres."""

from __future__ import annotations

import pytest

from queues import queue_control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Job
from tests.jobs import QUEUE, Note, lines
from tests.lock_jobs import Refused
from tests.wait import until

pytestmark = pytest.mark.acceptance


def notes(path, first, last, seconds=0.01):
    return [Note(path=str(path), text=str(n), seconds=seconds) for n in range(first, last)]


def starts(path):
    return [int(line.split()[1]) for line in lines(path) if line.startswith("start")]


def lose_some_hints(redis, ids):
    for id_ in ids:
        redis.lrem(f"rq:queue:{QUEUE}", 0, str(id_))


def test_one_slot_serves_first_come_first_whatever_happens_to_the_hints(
    own_redis, start_worker, tmp_path
):
    path, redis = tmp_path / "ledger", own_redis.client
    lose_some_hints(redis, enqueue_many(notes(path, 0, 60))[::3])
    start_worker("--slots", f"{QUEUE}=1").ready()
    until(lambda: len(starts(path)) >= 10, what="the first ten")
    lose_some_hints(redis, enqueue_many(notes(path, 60, 90))[::2])
    until(lambda: len(starts(path)) >= 30, what="the first thirty")
    redis.flushall()
    enqueue_many(notes(path, 90, 120))
    queue_control.pause(QUEUE)
    for note in notes(path, 120, 140):
        enqueue(note)
    queue_control.resume(QUEUE)
    for note in notes(path, 140, 160):
        enqueue(note)
    until(lambda: len(starts(path)) == 160, seconds=60, what="all of them")
    assert starts(path) == [*range(160)]


def test_jobs_whose_hints_were_lost_are_served_before_those_that_came_later(
    own_redis, start_worker, tmp_path
):
    path, old = tmp_path / "ledger", 200
    enqueue_many(notes(path, 0, old))
    own_redis.client.flushall()
    start_worker("--slots", f"{QUEUE}=4").ready()
    for number in range(old, 2 * old):
        enqueue(*notes(path, number, number + 1))
    until(lambda: len(starts(path)) == 2 * old, seconds=60, what="all of them")
    # But for what runs at the same moment.
    assert max(abs(place - number) for place, number in enumerate(starts(path))) <= 8


def test_what_was_refused_while_a_queue_was_paused_is_served_before_what_came_later(
    own_redis, start_worker, tmp_path
):
    path = tmp_path / "ledger"
    start_worker("--slots", f"{QUEUE}=4").ready()
    enqueue_many(notes(path, 0, 100))
    until(lambda: starts(path), what="the first")
    # For half a second the worker does not know, and takes hints of what it may not claim.
    queue_control.pause(QUEUE)
    enqueue_many(notes(path, 100, 150))
    queue_control.resume(QUEUE)
    enqueue_many(notes(path, 150, 200))
    until(lambda: len(starts(path)) == 200, seconds=60, what="all of them")
    assert max(abs(place - number) for place, number in enumerate(starts(path))) <= 8
    assert not Job.objects.filter(state="waiting").exists()


def test_hints_of_a_paused_queue_are_there_when_it_is_resumed(own_redis, start_worker, tmp_path):
    path, redis = tmp_path / "ledger", own_redis.client
    key = f"rq:queue:{QUEUE}"
    start_worker("--slots", f"{QUEUE}=4").ready()
    queue_control.pause(QUEUE)
    ids = enqueue_many(notes(path, 0, 10))
    # Whatever the worker took of them before it knew.
    until(lambda: redis.lrange(key, 0, -1) == [str(id_).encode() for id_ in ids],
          what="the hints to be in their old order")  # fmt: skip
    queue_control.resume(QUEUE)
    until(lambda: len(starts(path)) == 10, what="all of them")


def test_no_job_of_a_key_begins_in_the_slot_of_one_that_found_it_closed(start_worker, tmp_path):
    path, slots = tmp_path / "ledger", 4
    enqueue_many([(Refused(path=str(path)), {"limit_key": "x"})] * 40)
    start_worker("--slots", f"{QUEUE}={slots}").ready()
    enqueue_many(notes(tmp_path / "other", 0, 20))
    until(lambda: len(starts(tmp_path / "other")) == 20, what="what has no key")
    assert 1 <= len(lines(path)) <= slots
