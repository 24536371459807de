"""Rubbish in the stream of events costs some events, and never an error or a reader's place."""

from __future__ import annotations

import pytest
from django.conf import settings

from queues.transport.client import producer
from queues.transport.events import Happening, newest, publish, read
from queues.transport.stream import MOST_CHARACTERS, STREAM
from tests.jobs import QUEUE
from tests.web import WebProcess

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = Happening("active", QUEUE, [7], 1)
GOOD = {"event": "active", "queue": QUEUE, "ids": "1", "count": "1"}
LAST = 2**64 - 1
# An id is a time in milliseconds and a number: this is year 10,000, and the end of all ids.
AHEAD = ["253402300800000-0", f"{LAST}-1", f"{LAST}-{LAST}"]
RUBBISH = [
    {b"\xff": b"\xff\xfe"},
    {**GOOD, "count": "9" * 400},
    {**GOOD, "ids": "1,x"},
    {**GOOD, "event": "x" * 10_000_000},
    {**GOOD, "queue": "x" * (MOST_CHARACTERS + 1)},
    {**GOOD, "ids": "1," * 1_000_000},
    {"x": "y"},
]


@pytest.fixture(params=["list", "stream"])
def ask(request, admin_client, settings):
    """Ask as a program does that reads events, or as a browser does that watches them."""
    settings.API_EVENT_SECONDS = 1

    def get(**query):
        accept = "text/event-stream" if request.param == "stream" else "application/json"
        response = admin_client.get("/api/queue/events", query, headers={"accept": accept})
        return response.status_code, (response.getvalue() if response.streaming else b"")

    return get


def test_an_id_that_no_clock_has_reached_is_no_error(ask):
    publish([RUNS])
    for place in AHEAD:
        producer().xadd(STREAM, GOOD, id=place)
    assert ask()[0] == 200
    assert ask(after="0-0")[0] == 200
    assert ask(after=AHEAD[0])[0] == 200


def test_fields_that_are_rubbish_are_passed_over(ask):
    for fields in RUBBISH:
        producer().xadd(STREAM, fields)
    status, body = ask(after="0-0")
    assert status == 200
    assert b"data:" not in body


@pytest.mark.parametrize("place", AHEAD)
def test_the_stream_is_mended_and_readers_go_on(place):
    producer().xadd(STREAM, GOOD, id=place)
    stood_at = newest(10)
    assert stood_at.events == []
    publish([RUNS])
    assert [one.ids for one in newest(10).events] == [(7,)]
    page = read(stood_at.last)
    publish([Happening("failed", QUEUE, [8], 1)])
    assert [one.ids for one in read(page.last).events] == [(8,)]


@pytest.mark.parametrize("kind", ["set", "rpush", "hset", "sadd", "zadd"])
def test_a_stream_that_is_none_is_503_until_it_is_mended(ask, kind):
    values = {"hset": ["a", "b"], "zadd": ["1", "a"]}.get(kind, ["a"])
    producer().execute_command(kind, STREAM, *values)
    assert ask()[0] == 503
    publish([RUNS])
    assert ask()[0] == 200
    assert len(newest(10).events) == 1


@pytest.mark.parametrize("place", [f"{LAST + 1}-0", f"0-{LAST + 1}", "9" * 20, "1" * 21])
def test_a_place_beyond_the_end_of_all_ids_is_refused_in_words(admin_client, place):
    response = admin_client.get("/api/queue/events", {"after": place})
    assert response.status_code == 400
    assert "allowed: an id" in response.content.decode()


@pytest.mark.acceptance
def test_the_deployed_web_answers_whatever_is_in_the_stream(tmp_path, admin_client):
    cookie = f"sessionid={admin_client.cookies['sessionid'].value}"
    web = WebProcess(tmp_path, SECRET_KEY=settings.SECRET_KEY, API_EVENT_SECONDS=1)
    try:
        for fields in RUBBISH:
            producer().xadd(STREAM, fields)
        for place in AHEAD:
            producer().xadd(STREAM, GOOD, id=place)
            status, _, document = web.ask("GET", "/api/queue/events", Cookie=cookie)
            assert (status, document["data"]) == (200, [])
            path = f"/api/queue/events?after={document['next']}"
            assert web.ask("GET", path, Cookie=cookie, Accept="text/event-stream")[0] == 200
    finally:
        web.end()
