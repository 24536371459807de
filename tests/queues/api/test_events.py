"""Events over HTTP, from a real server: in order, resumed without loss, and in bounds."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.db import connection
from rest_framework.test import APIClient

from queues.api import event_stream
from queues.api.viewers import SEATS_PER_USER, TooManyViewers, Viewers, viewers
from queues.enqueue import enqueue, enqueue_many
from queues.queue_control import pause
from queues.transport.client import producer
from queues.transport.events import Happening, latest, publish
from queues.transport.stream import STREAM
from tests.jobs import QUEUE, Act
from tests.viewer import PATH, Viewer
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")
STREAMING = {"HTTP_ACCEPT": "text/event-stream"}


def cookie_of(client, user):
    client.force_login(user)
    return client.cookies["sessionid"].value


def is_empty():
    publish([Happening("changed", QUEUE)])
    return not len(viewers)


@pytest.fixture
def watch(live_server, client, admin_user, monkeypatch):
    """Let somebody look on; all are gone at the end."""
    there = []
    cookie = cookie_of(client, admin_user)

    def start(query="", **more):
        there.append(Viewer(live_server.url, **{"cookie": cookie, "query": query, **more}))
        return there[-1]

    yield start
    for one in there:
        one.vanish()
    # A server finds that a client is gone when it writes.
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0)
    until(is_empty, what="all seats to be left")


@pytest.fixture
def api(admin_user):
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


def say(*ids):
    publish([Happening("active", QUEUE, [one], 1) for one in ids])


def ids_of(viewer, number):
    return [viewer.event()["data"]["ids"][0] for _ in range(number)]


def test_a_viewer_sees_what_is_enqueued_at_once(watch):
    viewer = watch()
    assert (viewer.status, viewer.headers["content-type"]) == (200, "text/event-stream")
    assert (viewer.headers["cache-control"], viewer.headers["x-accel-buffering"]) == (
        "no-store",
        "no",
    )
    assert viewer.block() == {"retry": "2000", "id": "0-0"}
    ids = enqueue_many([ACT] * 2)
    event = viewer.event()
    assert (event["event"], event["id"]) == ("waiting", event["data"].pop("id"))
    at = event["data"].pop("at")
    assert event["data"] == {"event": "waiting", "queue": QUEUE, "ids": ids, "count": 2}
    assert at.endswith("Z")


def test_who_comes_back_misses_nothing_and_sees_nothing_twice(watch):
    viewer = watch()
    say(1, 2, 3)
    assert [viewer.event()["data"]["ids"] for _ in range(2)] == [[1], [2]]
    last = latest()
    say(4)
    viewer.vanish()
    third = watch(Last_Event_ID=last)
    assert ids_of(third, 1) == [4]
    say(5)
    assert ids_of(third, 1) == [5]
    # The header is newer than the address, which a browser never changes.
    assert ids_of(watch("?after=0-0", Last_Event_ID=last), 2) == [4, 5]
    assert ids_of(watch("?after=0-0"), 5) == [1, 2, 3, 4, 5]


def test_who_saw_no_event_goes_on_where_they_began_too(watch):
    say(1)
    place = watch().block()["id"]
    say(2)
    assert ids_of(watch(Last_Event_ID=place), 1) == [2]


def test_who_comes_back_late_begins_at_the_oldest_that_is_left(watch):
    say(1, 2, 3)
    producer().xtrim(STREAM, maxlen=1, approximate=False)
    assert ids_of(watch(Last_Event_ID="5-0"), 1) == [3]


def test_a_viewer_may_look_at_one_queue_and_one_word(watch):
    viewer = watch("?queue=notifications&event=paused")
    say(1)
    pause(QUEUE)
    pause("notifications")
    data = viewer.event()["data"]
    assert (data["queue"], data["event"], data["count"]) == ("notifications", "paused", 0)


def test_a_quiet_stream_beats_and_brings_its_place_along(watch, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.1)
    viewer = watch("?event=failed")
    viewer.block()
    say(1)
    assert viewer.block() == {"": "still here", "id": latest()}


def test_a_stream_ends_after_its_time(watch, settings):
    settings.API_EVENT_SECONDS = 1
    started = time.monotonic()
    assert watch().rest().endswith("\n\n: come back\n\n")
    assert 0.9 < time.monotonic() - started < 5


def test_only_so_many_look_on_and_a_seat_is_left_by_who_vanishes(watch, settings, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    settings.API_EVENT_VIEWERS = 2
    first, _ = watch(), watch()
    refused = watch()
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.headers["content-type"] == "application/problem+json"
    assert '"code":"too_many_viewers"' in refused.rest()
    first.vanish()
    until(lambda: len(viewers) == 1, what="the seat to be left")
    assert watch().status == 200


def test_a_seat_is_left_by_who_vanishes_before_the_first_byte(watch, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    came = []

    def enter(most, who):
        came.append(most)
        return Viewers.enter(viewers, most, who)

    monkeypatch.setattr(viewers, "enter", enter)
    for _ in range(5):
        watch(reads=False).vanish()
    until(lambda: len(came) == 5, what="the server to see all of them")
    until(lambda: not len(viewers), what="all seats to be left")
    assert watch().status == 200


@pytest.mark.parametrize("how", ["close", "drop", "error", "end", "close begun"])
def test_a_seat_is_left_however_a_stream_ends(how):
    def blocks():
        yield "one"
        if how == "error":
            raise ValueError

    stream = event_stream.EventStream(blocks(), most=1, who="7")
    assert len(viewers) == 1
    if how == "close begun":
        next(stream)
    if how.startswith("close"):
        stream.close()
        stream.close()
    elif how == "drop":
        del stream
    elif how == "end":
        assert list(stream) == ["one"]
    else:
        with pytest.raises(ValueError):  # noqa: PT011
            list(stream)
    assert len(viewers) == 0


def test_viewers_hold_no_connection_to_the_database(watch):
    def held():
        found = connection.pool.get_stats()
        return found["pool_size"] - found["pool_available"]

    connection.ensure_connection()
    there = [watch() for _ in range(3)]
    for viewer in there:
        viewer.block()
    until(lambda: held() == 1, what="this test's to be the only one")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
        assert cursor.fetchone() == (0,)
    say(1)
    assert [ids_of(viewer, 1) for viewer in there] == [[1]] * 3
    assert held() == 1


def test_redis_that_goes_away_ends_streams_and_is_told_to_who_comes_back(own_redis, watch):
    viewer = watch()
    viewer.block()
    own_redis.kill()
    assert viewer.rest() == ": events cannot be read just now; come back\n\n"
    refused = watch()
    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert '"code":"events_unavailable"' in refused.rest()
    own_redis.start()
    until(lambda: watch().status == 200, what="events again")


def test_who_may_not_see_all_jobs_is_told_how_many_there_were(
    live_server, client, django_user_model, watch
):
    user = django_user_model.objects.create_user("ada")
    viewer = watch(cookie=cookie_of(client, user))
    enqueue(ACT)
    data = viewer.event()["data"]
    assert (data["ids"], data["count"]) == ([], 1)
    answer = client.get(PATH).json()
    assert [(one["ids"], one["count"]) for one in answer["data"]] == [([], 1)]


@pytest.mark.parametrize("after", ["x", "1-", "-1", "9" * 20, "0 0", "\u00e9"])
@pytest.mark.parametrize("accept", [{}, STREAMING])
def test_a_place_that_none_can_be_is_refused(api, after, accept):
    header = {"HTTP_LAST_EVENT_ID": after, **accept}
    for refused, name in (
        (api.get(PATH, {"after": after}, **accept), "after"),
        (api.get(PATH, **header), "Last-Event-ID"),
    ):
        assert refused.status_code == 400
        assert refused.headers["Content-Type"] == "application/problem+json"
        error = refused.json()["errors"][0]
        assert (error["field"], "allowed: an id, such as 0-0" in error["message"]) == (name, True)


@pytest.mark.parametrize("query", ["queue=x", "event=x", "before=1", "after=1&after=2"])
def test_a_filter_that_is_none_is_refused(api, query):
    assert api.get(f"{PATH}?{query}", **STREAMING).json()["code"] == "invalid"


@pytest.mark.parametrize("accept", [{}, STREAMING])
def test_events_that_are_switched_off_are_not_there(api, settings, accept):
    settings.QUEUE_EVENTS = False
    refused = api.get(PATH, **accept)
    assert (refused.status_code, refused.json()["code"]) == (404, "events_off")


def test_without_a_scope_nothing_is_seen(api, admin_user):
    assert APIClient().get(PATH, **STREAMING).status_code == 401
    api.force_authenticate(admin_user, SimpleNamespace(scopes=frozenset({"queue:write"})))
    refused = api.get(PATH, **STREAMING)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


def test_a_list_has_the_newest_and_then_what_came_after(api):
    assert api.get(PATH).json() == {"success": True, "data": [], "next": "0-0"}
    say(*range(150))
    first = api.get(PATH).json()
    assert [one["ids"] for one in first["data"]] == [[number] for number in range(50, 150)]
    assert first["next"] == first["data"][-1]["id"] == latest()
    assert api.get(PATH, {"after": first["next"]}).json()["data"] == []
    old = api.get(PATH, {"after": "0-0"}).json()
    assert [one["ids"] for one in old["data"]] == [[number] for number in range(100)]
    more = api.get(PATH, {"after": old["next"]}).json()
    assert [one["ids"] for one in more["data"]] == [[number] for number in range(100, 150)]
    none = api.get(PATH, {"after": "0-0", "event": "failed"}).json()
    assert (none["data"], none["next"]) == ([], old["next"])


def test_without_redis_a_list_is_not_there_for_now(api, own_redis):
    own_redis.kill()
    refused = api.get(PATH)
    assert (refused.status_code, refused.json()["code"]) == (503, "events_unavailable")


def test_the_browsable_api_shows_the_list(api):
    say(7)
    page = api.get(PATH, HTTP_ACCEPT="text/html")
    assert (page.status_code, "format=event-stream" in page.content.decode()) == (200, True)


def test_asking_for_the_headers_alone_takes_no_seat(api):
    answer = api.head(PATH, **STREAMING)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert (answer.content, len(viewers)) == (b"", 0)


def test_two_users_do_not_take_all_seats():
    room = Viewers()
    seats = [room.enter(200, who) for who in ("7", "8") for _ in range(SEATS_PER_USER)]
    for who in ("7", "8"):
        with pytest.raises(TooManyViewers):
            room.enter(200, who)
    room.enter(200, "9")
    room.leave(seats[0])
    room.enter(200, "7")
