"""What is in Redis may be larger than a process's memory, and is not read into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from queues.enqueue import enqueue
from queues.states import State
from queues.transport.client import producer
from queues.transport.events import Happening, newest, publish, read
from queues.transport.replies import MOST_BYTES
from queues.transport.stream import MOST_IDS, STREAM
from tests.jobs import QUEUE, Act
from tests.wait import until
from tests.web import WebProcess

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = "/api/queue/events"
LIST = f"rq:queue:{QUEUE}"
PIECE = 20_000_000
MOST_MEGABYTES = 60
LARGEST_ID = 10**18 - 1


def fill():
    for _ in range(6):
        producer().xadd(STREAM, {"event": "active", "queue": QUEUE, "ids": b"1," * (PIECE // 2)})


def peak(pid):
    """Return how many megabytes a process has had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.fixture
def patient(settings):
    """Let pushes of the test itself take as long as they do."""
    producer().connection_pool.connection_kwargs["socket_timeout"] = 10
    producer().connection_pool.disconnect()
    yield
    # Here, with patience: to free so much may take longer than the next test's setup waits.
    producer().flushdb()
    producer.cache_clear()


@pytest.mark.parametrize("ask", [lambda: newest(10), lambda: read("0-0")])
def test_a_stream_that_is_too_large_to_read_is_deleted(patient, ask):
    fill()
    assert ask().events == []
    assert not producer().exists(STREAM)
    publish([Happening("active", QUEUE, [7], 1)])
    assert [one.ids for one in newest(10).events] == [(7,)]


def test_the_largest_events_of_ours_are_read():
    ids = [LARGEST_ID] * MOST_IDS
    publish([Happening("completed", QUEUE, ids, MOST_IDS)] * 1000)
    assert len(read("0-0").events) == 1000


@pytest.mark.acceptance
def test_the_deployed_web_does_not_grow_with_what_is_in_the_stream(tmp_path, patient, admin_client):
    cookie = f"sessionid={admin_client.cookies['sessionid'].value}"
    web = WebProcess(tmp_path, SECRET_KEY=settings.SECRET_KEY, API_EVENT_SECONDS=1)
    try:
        assert web.ask("GET", EVENTS, Cookie=cookie)[0] == 200
        children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children").read_text()
        before = peak(children.split()[0])
        for headers in ({}, {"Accept": "text/event-stream"}):
            fill()
            assert web.ask("GET", f"{EVENTS}?after=0-0", Cookie=cookie, **headers)[0] == 200
        assert peak(children.split()[0]) - before < MOST_MEGABYTES
    finally:
        web.end()


@pytest.mark.acceptance
def test_a_worker_does_not_grow_with_what_is_in_its_list(start_worker, wait_for, patient):
    worker = start_worker().ready()
    wait_for(enqueue(Act(what="return")), State.COMPLETED)
    before = peak(worker.process.pid)
    for _ in range(4):
        producer().rpush(LIST, b"9" * PIECE)
        wait_for(enqueue(Act(what="return")), State.COMPLETED)
    until(lambda: not producer().llen(LIST), what="the list to be taken")
    assert peak(worker.process.pid) - before < MOST_MEGABYTES
    assert MOST_BYTES < PIECE
