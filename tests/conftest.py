from __future__ import annotations

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

from queues import happenings, metrics
from queues.api import throttles
from queues.models import Job
from queues.transport import client, hints
from tests.flushing import sql_flush
from tests.processes import RedisProcess, WorkerProcess
from tests.wait import until

# They start processes, and wait for them: one after the other, beside the tests that compute.
WAITING = {"acceptance", "browser", "faults"}
OF_PROCESSES = {"test_deployment.py", "test_dev.py", "test_migrations.py"}


def pytest_collection_modifyitems(items):
    for item in items:
        parts = set(item.path.relative_to(item.config.rootpath).parts)
        if parts & WAITING or item.path.name in OF_PROCESSES:
            item.add_marker(pytest.mark.xdist_group("waiting"))


@pytest.fixture(scope="session", autouse=True)
def _quick_flushes():
    """Only tables that have rows are emptied after a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def _empty_redis():
    """No hint, no count, no event and no doubt in Redis of an earlier test is left."""
    client.producer().flushdb()
    hints.breaker.open(0)
    metrics._pending.clear()
    happenings._pending.clear()


@pytest.fixture(autouse=True)
def _nobody_came_yet():
    """What this process took ahead of a bucket was another test's."""
    throttles.purses.clear()


@pytest.fixture
def start_worker(tmp_path, transactional_db):
    """Start workers that see the test's database; they end with the test."""
    started = []

    def start(*arguments, **extra):
        started.append(WorkerProcess(tmp_path, *arguments, **extra))
        return started[-1]

    yield start
    for worker in started:
        worker.end()


def forget_clients():
    """Open new connections, to where the settings point now, and believe in Redis again."""
    for function in (client.producer, client.consumer, client.prober):
        function.cache_clear()
    hints.breaker.open(0)


def point_at(settings, port, *, username=None, password=None):
    """Let this process, and the workers that it starts, use another Redis."""
    login = {"USERNAME": username, "PASSWORD": password}
    where = {**settings.REDIS, "HOST": "127.0.0.1", "PORT": port, "DB": 0, **login}
    settings.REDIS = where
    settings.RQ_QUEUES = {name: {**conf, **where} for name, conf in settings.RQ_QUEUES.items()}
    forget_clients()


@pytest.fixture
def own_redis(settings):
    """A Redis that this test may break."""
    server = RedisProcess()
    point_at(settings, server.port)
    yield server
    server.end()
    forget_clients()


@pytest.fixture
def wait_for():
    """Wait until a job is in a state, and return it."""

    def wait(job, state, seconds=15.0):
        query = Job.objects.filter(pk=job.pk, state=state)
        return until(query.first, seconds=seconds, what=f"{job} to be {state}")

    return wait
