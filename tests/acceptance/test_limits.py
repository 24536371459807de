"""Limits over several worker processes, one of them killed, by the ledger of the handlers."""

from __future__ import annotations

import signal
import time
from collections import Counter
from datetime import timedelta
from statistics import median

import pytest

from queues import limits, queue_control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Attempt, Job
from queues.rate import Rate
from tests.jobs import QUEUE, lines
from tests.life_jobs import Ledgered
from tests.rows import all_completed
from tests.wait import until

pytestmark = pytest.mark.acceptance
KEEP = {"keep_completed": False}


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


class Ledger:
    """Who began and ended what, as the handlers wrote it down."""

    def __init__(self, path):
        self.path = str(path)

    def job(self, key, seconds=0.0):
        return Ledgered(path=self.path, key=key, seconds=seconds), {**KEEP, "limit_key": key}

    def entries(self):
        """Return (nanoseconds, word, key, job, process), as they happened."""
        rows = [line.split() for line in lines(self.path)]
        return sorted((int(at), word, key, job, int(pid)) for at, word, key, job, pid in rows)

    def most_at_once(self, key, died=()):
        """Return how many ran at once; those of a process that died ended with it."""
        events = [(at, word, job, pid) for at, word, of, job, pid in self.entries() if of == key]
        events += [(at, "died", "", pid) for pid, at in died]
        running, most = set(), 0
        for _, word, job, pid in sorted(events):
            if word == "start":
                running.add((job, pid))
            elif word == "end":
                running.discard((job, pid))
            else:
                running = {one for one in running if one[1] != pid}
            most = max(most, len(running))
        return most

    def starts(self, key=None):
        return [at for at, word, of, *_ in self.entries() if word == "start" and key in {None, of}]


def kill(worker):
    """Kill a worker with all it runs, and return its process and when it was gone."""
    worker.signal(signal.SIGKILL)
    worker.wait()
    return worker.process.pid, time.time_ns()


def test_a_key_never_has_more_running_than_its_concurrency(start_worker, ledger):
    limits.set_limit("host:*", concurrency=3)
    workers = [start_worker().ready() for _ in range(3)]
    jobs = [ledger.job(f"host:{n % 2}", 0.1) for n in range(120)]
    jobs += [ledger.job("free", 0.1) for _ in range(60)]
    enqueue_many(jobs)
    until(lambda: len(ledger.starts("host:0")) > 12, what="the run to be under way")
    died = [kill(workers[0])]
    until(all_completed, seconds=60, what="all jobs to be completed")
    assert 1 < ledger.most_at_once("host:0", died) <= 3
    assert 1 < ledger.most_at_once("host:1", died) <= 3
    assert ledger.most_at_once("free", died) > 3
    assert Job.objects.filter(attempt=1, state="completed").count() == 180


@pytest.mark.parametrize("where", ["key", "queue"])
def test_no_second_has_more_starts_than_the_rate_also_without_redis(
    start_worker, ledger, own_redis, where
):
    rate = Rate(count=8, per=1)
    if where == "key":
        limits.set_limit("x", rate=rate)
    else:
        queue_control.set_rate(QUEUE, rate)
    workers = [start_worker().ready() for _ in range(3)]
    enqueue_many([ledger.job("x") for _ in range(56)])
    until(lambda: len(ledger.starts()) > 16, what="the run to be under way")
    own_redis.kill()
    kill(workers[0])
    until(all_completed, seconds=60, what="all jobs to be completed")
    # By when they were claimed: what ran beside others in a worker that died starts in a process of
    # its own, which may take a while.
    begun = [
        at for model in (Job, Attempt) for at in model.objects.values_list("started_at", flat=True)
    ]
    assert len(begun) >= 56
    for first in begun:
        assert sum(first <= at < first + timedelta(seconds=1) for at in begun) <= 8
    # It was made use of, too: 56 jobs need six full seconds at the least.
    assert max(begun) - min(begun) < timedelta(seconds=20)


def test_ten_thousand_jobs_of_a_full_key_do_not_hold_up_a_hundred_of_another(start_worker, ledger):
    limits.set_limit("full", concurrency=1)
    full = enqueue_many([ledger.job("full", 0.5) for _ in range(10_000)])
    free = enqueue_many([ledger.job("free") for _ in range(100)])
    start_worker().ready()
    done = Job.objects.filter(pk__in=free, state="completed")
    until(lambda: done.count() == 100, seconds=10, what="the free jobs")
    assert ledger.most_at_once("full") == 1
    # In their own order, one after the other.
    begun = [
        int(job) for _, word, key, job, _ in ledger.entries() if (word, key) == ("start", "full")
    ]
    assert begun == full[: len(begun)]
    assert Job.objects.filter(state="waiting", attempt=0).count() >= 9_900


def test_one_tenants_jobs_take_turns_with_anothers(start_worker, ledger):
    queue_control.set_fair(QUEUE, True)
    start_worker("--slots", f"{QUEUE}=1").ready()
    enqueue_many([ledger.job("big", 0.02) for _ in range(500)])
    until(lambda: len(ledger.starts("big")) > 5, what="the big tenant's jobs to be under way")
    begun = len(ledger.starts("big"))
    arguments, options = ledger.job("small")
    enqueue(arguments, **options)
    until(lambda: ledger.starts("small"), what="the small tenant's job")
    order = [key for _, word, key, *_ in ledger.entries() if word == "start"]
    # The one that runs, perhaps one that was claimed by then, and no more.
    assert order.index("small") - begun <= 20
    assert Counter(order)["big"] < 400


def test_a_job_whose_key_is_free_begins_at_once_on_an_idle_worker(start_worker, ledger):
    limits.set_limit("x", concurrency=1)
    start_worker().ready()
    waits = []
    for _ in range(9):
        arguments, options = ledger.job("x")
        asked = time.time_ns()
        enqueue(arguments, **options)
        until(all_completed, what="the job")
        waits.append(ledger.starts()[-1] - asked)
    # Looking into Postgres alone would take half a second on average.
    assert median(waits) < 200_000_000
