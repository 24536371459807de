"""A Postgres that does not get on with the settling of jobs."""

from __future__ import annotations

import time

import pytest
from django.db import connection, transaction

from queues.enqueue import enqueue_many
from queues.models import Job
from tests.jobs import QUEUE, Note, lines
from tests.wait import until

pytestmark = pytest.mark.acceptance
SLOTS = 5


def counted(state):
    return Job.objects.filter(state=state).count()


def test_jobs_that_cannot_be_settled_slow_claiming_down(start_worker, tmp_path):
    path = tmp_path / "ledger"
    enqueue_many([Note(path=str(path), text=str(n), seconds=1) for n in range(SLOTS)])
    enqueue_many([Note(path=str(path), text=str(n)) for n in range(SLOTS, 40)])
    start_worker("--slots", f"{QUEUE}={SLOTS}").ready()
    until(lambda: len(lines(path)) == SLOTS, what="the first jobs to run")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM queues_job WHERE state = 'active' FOR UPDATE")
        # The settler waits for these rows, and the next jobs wait for the settler.
        until(lambda: counted("active") == 2 * SLOTS, what="as many unsettled jobs as slots")
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            assert counted("active") <= 2 * SLOTS
    until(lambda: counted("waiting") + counted("active") == 0, what="the rest")
    assert sorted(lines(path)) == sorted(
        f"{word} {n}" for word in ("start", "end") for n in range(40)
    )
