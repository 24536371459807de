"""Queues that are paused, capped and resized while workers run; order and lateness."""

from __future__ import annotations

import pytest
from django.db.models import Max

from queues import queue_control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Job, Worker
from queues.states import State
from queues.transport.client import producer
from tests.jobs import QUEUE, Act, Note, Notify, lines
from tests.rows import all_completed
from tests.wait import until

pytestmark = pytest.mark.acceptance
ACT = Act(what="return")
KEEP = {"keep_completed": False}


def most_at_once(path):
    """Return the largest number of jobs that had begun and not ended, by the ledger's order."""
    running = most = 0
    for line in lines(path):
        running += 1 if line.startswith("start") else -1
        most = max(most, running)
    return most


def test_a_paused_queue_starts_nothing_and_takes_everything(start_worker, wait_for, tmp_path):
    start_worker().ready()
    wait_for(enqueue(ACT), State.COMPLETED)
    queue_control.pause(QUEUE)
    paused = [enqueue(ACT) for _ in range(5)]
    # Delayed by longer than any look takes: when these have run, the paused ones would have, too.
    mail = [enqueue(Notify(path=str(tmp_path / "mail")), delay=2) for _ in range(2)]
    for job in mail:
        wait_for(job, State.COMPLETED)
    states = Job.objects.filter(pk__in=[job.pk for job in paused]).values_list("state", flat=True)
    assert set(states) == {"waiting"}
    queue_control.resume(QUEUE)
    for job in paused:
        wait_for(job, State.COMPLETED)


def test_a_pause_in_the_midst_of_a_run_is_heeded_within_a_second(start_worker, wait_for, tmp_path):
    start_worker("--slots", f"{QUEUE}=2").ready()
    path = str(tmp_path / "ledger")
    enqueue_many([(Note(path=path, text=str(n), seconds=0.1), KEEP) for n in range(60)])
    until(lambda: len(lines(path)) > 6, what="the run to be under way")
    paused_at = queue_control.pause(QUEUE).paused_at
    added = enqueue(Note(path=path, text="added"), **KEEP)
    wait_for(enqueue(Notify(path=str(tmp_path / "mail")), delay=2), State.COMPLETED)
    last = Job.objects.filter(queue=QUEUE).aggregate(last=Max("started_at"))["last"]
    assert (last - paused_at).total_seconds() < 1
    assert Job.objects.get(pk=added.pk).state == State.WAITING
    queue_control.resume(QUEUE)
    until(all_completed, what="all to complete")
    assert len(lines(path)) == 2 * 61


def test_a_cap_holds_over_two_workers_and_all_jobs_run(start_worker, tmp_path):
    queue_control.set_cap(QUEUE, 2)
    for _ in range(2):
        start_worker().ready()
    path = str(tmp_path / "ledger")
    enqueue_many([Note(path=path, text=str(n), seconds=0.2) for n in range(20)])
    until(all_completed, seconds=30, what="all to complete")
    assert most_at_once(path) == 2


def test_slots_change_while_the_worker_runs(start_worker, tmp_path):
    queue_control.set_slots(QUEUE, 1)
    start_worker().ready()
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    enqueue_many([Note(path=first, text=str(n), seconds=0.1) for n in range(5)])
    until(all_completed, what="the first five")
    assert most_at_once(first) == 1
    queue_control.set_slots(QUEUE, 4)
    until(lambda: Worker.objects.get().slots[QUEUE] == 4, what="the new slots")
    enqueue_many([Note(path=second, text=str(n), seconds=0.3) for n in range(8)])
    until(all_completed, what="the next eight")
    assert most_at_once(second) == 4


def test_one_slot_serves_in_the_exact_order(start_worker, tmp_path):
    path = str(tmp_path / "ledger")
    priorities = [(n * 7919) % 5 for n in range(200)]
    with_numbers = list(enumerate(priorities))
    enqueue_many([(Note(path=path, text=str(n)), {"priority": one}) for n, one in with_numbers])
    start_worker("--slots", f"{QUEUE}=1", QUEUE)
    until(all_completed, seconds=30, what="all to complete")
    served = [int(line.split()[1]) for line in lines(path) if line.startswith("start")]
    assert served == [n for n, _ in sorted(with_numbers, key=lambda item: item[1])]


def test_one_slot_serves_what_comes_in_while_it_runs_in_the_exact_order(start_worker, tmp_path):
    start_worker("--slots", f"{QUEUE}=1", QUEUE).ready()
    path = str(tmp_path / "ledger")
    for n in range(200):
        enqueue(Note(path=path, text=str(n)), **KEEP)
    until(all_completed, seconds=30, what="all to complete")
    served = [int(line.split()[1]) for line in lines(path) if line.startswith("start")]
    assert served == list(range(200))


def test_delayed_jobs_are_never_early_and_hardly_late(start_worker):
    start_worker().ready()
    enqueue_many([(ACT, {**KEEP, "delay": 1 + n / 100}) for n in range(100)])
    until(all_completed, what="all to complete")
    late = sorted((job.started_at - job.run_at).total_seconds() for job in Job.objects.all())
    assert late[0] >= 0
    assert late[98] < 0.1


def test_a_row_whose_hint_was_lost_is_not_starved_by_hints_without_end(start_worker, tmp_path):
    path = str(tmp_path / "ledger")
    lost = enqueue(Note(path=path, text="lost"), **KEEP)
    producer().flushdb()
    enqueue_many([(Note(path=path, text=str(n), seconds=0.02), KEEP) for n in range(400)])
    start_worker("--slots", f"{QUEUE}=2", QUEUE)
    until(lambda: "start lost" in lines(path), what="the row without a hint")
    assert len(lines(path)) < 300
    assert lost.pk
    until(all_completed, seconds=30, what="all to complete")
