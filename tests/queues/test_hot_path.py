"""What a worker asks of Postgres and Redis, counted; and how Postgres looks for it."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from queues import database
from queues.database import own_connection
from queues.enqueue import enqueue_many
from queues.maintenance import prune
from queues.models import Job
from queues.statements.claiming import CLAIM_BY_ID, CLAIM_WAITING
from queues.statements.settling import SETTLE_COMPLETED
from queues.transport.client import producer
from queues.worker.loop import Until
from queues.worker.main import work
from queues.worker.switch import Switch
from tests.jobs import QUEUE, Act
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)
JOBS, SLOTS = 100, 50
# For a hundred jobs on fifty slots. Two of each would do if nothing ended in between.
MOST_CLAIMS = 25
MOST_SETTLES = 25
# Each claim comes with a script of three commands, and a hint is deleted for each job.
MOST_REDIS_COMMANDS = JOBS + 5 * MOST_CLAIMS


def counted(monkeypatch):
    """Count each statement that is prepared from now on."""
    found = {}

    class Counting(database.Cursor):
        def execute(self, statement, *args, **kwargs):
            found[statement] = found.get(statement, 0) + 1
            return super().execute(statement, *args, **kwargs)

    monkeypatch.setattr(database, "Cursor", Counting)
    return found


def redis_calls():
    stats = producer().info("commandstats")
    ours = {"lpop", "zpopmin", "del", "eval", "evalsha", "blpop"}
    return sum(one["calls"] for name, one in stats.items() if name.split("_")[1] in ours)


def test_a_hundred_jobs_cost_few_statements(monkeypatch):
    enqueue_many([Act(what="return")] * JOBS)
    statements, before = counted(monkeypatch), redis_calls()
    until = Until(burst=True)
    done = in_thread(
        lambda: work("one", [QUEUE], switch=Switch(), until=until, slots={QUEUE: SLOTS})
    )
    assert done.jobs == JOBS
    assert not Job.objects.exclude(state="completed").exists()
    claims = statements.get(CLAIM_BY_ID, 0) + statements.get(CLAIM_WAITING, 0)
    assert claims <= MOST_CLAIMS
    assert statements[SETTLE_COMPLETED] <= MOST_SETTLES
    assert redis_calls() - before <= MOST_REDIS_COMMANDS


PARAMETERS = {
    CLAIM_BY_ID: {"worker": "1", "ids": "'{1,2}'", "queues": "'{a}'", "kinds": "'{b}'"},
    CLAIM_WAITING: {"worker": "1", "queues": "'{a}'", "limits": "'{5}'", "kinds": "'{b}'"},
    SETTLE_COMPLETED: {
        "ids": "'{1,2}'",
        "tokens": "'{1,1}'",
        "results": "'{NULL,NULL}'",
        "spare": "'{t,f}'",
    },
}


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (CLAIM_BY_ID, "queues_job_pkey"),
        (CLAIM_WAITING, "job_place"),
        (SETTLE_COMPLETED, "queues_job_pkey"),
    ],
)
def test_a_plan_that_is_made_for_the_empty_table_uses_the_index_all_the_same(statement, index):
    text = re.sub(r"%\((\w+)\)s", lambda found: PARAMETERS[statement][found[1]], statement)
    with own_connection(), connection.cursor() as cursor:
        cursor.execute("ANALYZE queues_job")
        cursor.execute(f"EXPLAIN {text}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on queues_job" not in plan
    assert set(re.findall(r"Index Scan using (\w+) on queues_job\b", plan)) == {index}


def test_a_threads_own_connection_is_not_of_the_pool_and_ends_with_its_block():
    shared = connection.settings_dict
    with own_connection(), connection.cursor() as cursor:
        assert "pool" in shared["OPTIONS"]
        assert "pool" not in connection.settings_dict["OPTIONS"]
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("off",)
        own = connection.connection
    assert own.closed
    assert connection.settings_dict is shared
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("on",)


def prepared_inserts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%shape%'")
        return cursor.fetchone()[0]


def test_hot_statements_are_prepared_once_a_connection():
    enqueue_many([Act(what="return")])
    # Other tests may have used this connection, with parameters of other types.
    before = prepared_inserts()
    enqueue_many([Act(what="return")])
    assert prepared_inserts() == before > 0


def test_pruning_what_ended_last_leaves_older_ones_to_the_deep_look(monkeypatch, settings):
    settings.QUEUES = {**settings.QUEUES, QUEUE: {"keep_completed": 2}}
    monkeypatch.setattr(prune, "LIMIT", 4)
    ids = enqueue_many([(Act(what="return"), {"keep_completed": False})] * 5)
    oldest = enqueue_many([Act(what="return")])
    for minutes, id_ in enumerate([*reversed(ids), *oldest]):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE queues_job SET state = 'completed',"
                " finished_at = now() - %s * interval '1 minute' WHERE id = %s",
                [minutes, id_],
            )
    newest = enqueue_many([Act(what="return")] * 4)
    Job.objects.filter(pk__in=newest).update(state="completed", finished_at="2100-01-01T00:00Z")
    assert prune.run_newest() == 2
    assert prune.run_newest() == 0
    assert prune.run_once() == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {*ids, *newest[-2:]}
