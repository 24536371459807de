"""Postgres is away for longer than a lease, and nobody is taken for dead by that."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from queues.enqueue import enqueue_many
from queues.models import Attempt, Job, Worker
from tests.jobs import Note, lines
from tests.wait import until
from tests.web import Proxy, cut

pytestmark = pytest.mark.acceptance
LEASE, NUMBER = 3, 24


@pytest.fixture
def way(transactional_db):
    """A way to Postgres that this test may block, for the workers alone."""
    proxy = Proxy(connection.settings_dict["HOST"], connection.settings_dict["PORT"])
    yield proxy
    proxy.close()


def environment_of(way):
    base = connection.settings_dict
    login = f"{base['USER']}:{base['PASSWORD'] or ''}"
    return {"DATABASE_URL": f"postgres://{login}@127.0.0.1:{way.port}/{base['NAME']}"}


@pytest.mark.parametrize(("outage", "breaks"), [(2 * LEASE, False), (8 * LEASE, True)])
def test_no_job_starts_twice_because_postgres_was_away(start_worker, tmp_path, way, outage, breaks):
    path = tmp_path / "ledger"
    for _ in range(2):
        start_worker(**environment_of(way)).ready()
    # Some end while it is away, and some after.
    seconds = [LEASE + n % 2 * outage for n in range(NUMBER)]
    enqueue_many(
        [
            (Note(path=str(path), text=str(n), seconds=s), {"keep_completed": False})
            for n, s in enumerate(seconds)
        ]
    )
    until(lambda: len(lines(path)) == NUMBER, what="all to run")
    way.freeze()
    # It hangs, or breaks every connection and takes no new one.
    for link in list(way.links) if breaks else ():
        cut(link)
    beaten = Worker.objects.latest("expires_at").expires_at
    until(lambda: now() > beaten and len(ended(path)) >= NUMBER // 2, what="the leases to run out")
    until(lambda: (now() - beaten).total_seconds() > outage - LEASE, seconds=60, what="the outage")
    way.thaw()
    completed = Job.objects.filter(state="completed")
    until(lambda: completed.count() == NUMBER, seconds=60, what="all to complete")
    starts = Counter(line for line in lines(path) if line.startswith("start"))
    assert starts == {f"start {n}": 1 for n in range(NUMBER)}
    assert not Attempt.objects.exists()


def ended(path):
    return [line for line in lines(path) if line.startswith("end")]


def now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
