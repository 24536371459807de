"""What happened minute by minute, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from queues.database import database_now
from queues.histogram import BOUNDS_MS, bucket
from queues.models import Metric
from queues.states import State
from tests.counting import answering
from tests.operating import jobs_in
from tests.queues.api.callers import anonymous, field_errors, operator, plain, with_scopes

pytestmark = pytest.mark.django_db(transaction=True)
METRICS = "/api/queue/metrics"
QUEUE = "content-aggregation"
COUNTERS = ["completed", "failed", "retried", "snoozed", "timedOut", "crashed", "cancelled"]


def histogram(**durations):
    counts = [0] * (len(BOUNDS_MS) + 1)
    for duration, number in durations.items():
        counts[bucket(int(duration.removeprefix("ms")))] = number
    return counts


def happened(minutes_ago, kind="a", queue=QUEUE, **counts):
    this = database_now().replace(second=0, microsecond=0)
    minute = this - timedelta(minutes=minutes_ago)
    return Metric.objects.create(minute=minute, queue=queue, kind=kind, **counts)


def ask(client=None, **query):
    response = (client or plain()).get(METRICS, query)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def test_without_a_question_it_is_the_last_hour_of_all_queues():
    data = ask()
    assert [one["jsonName"] for one in data["queues"]] == [
        "contentAggregation", "notifications", "userActions",
    ]  # fmt: skip
    minutes = [datetime.fromisoformat(minute) for minute in data["minutes"]]
    assert {b - a for a, b in pairwise(minutes)} == {timedelta(minutes=1)}
    assert timedelta(0) < database_now() - minutes[-1] - timedelta(minutes=1)
    assert len(minutes) == 60
    nothing = {"p50": [None] * 60, "p95": [None] * 60}
    assert data["queues"][0] == {
        "name": QUEUE, "jsonName": "contentAggregation",
        **dict.fromkeys(COUNTERS, [0] * 60), "waitMs": nothing, "runMs": nothing,
    }  # fmt: skip


def test_each_minute_has_what_happened_in_it_of_all_kinds():
    happened(2, completed=3, timed_out=1, wait_ms=histogram(ms5=9, ms900=1))
    happened(2, kind="b", completed=4, cancelled=2, run_ms=histogram(ms60=1))
    happened(3, failed=1, retried=2, snoozed=3, crashed=4)
    happened(2, queue="notifications", completed=100)
    queue = ask(minutes=4, queue="contentAggregation")["queues"][0]
    # The newest two minutes, unless a minute has just begun: then everything is one further back.
    at = queue["completed"].index(7)
    assert {name: queue[name][at] for name in COUNTERS} == {
        "completed": 7, "failed": 0, "retried": 0, "snoozed": 0, "timedOut": 1, "crashed": 0,
        "cancelled": 2,
    }  # fmt: skip
    assert [queue[name][at - 1] for name in COUNTERS] == [0, 1, 2, 3, 0, 4, 0]
    assert (queue["waitMs"]["p50"][at], queue["waitMs"]["p95"][at]) == (5, 1000)
    assert (queue["runMs"]["p50"][at], queue["runMs"]["p95"][at]) == (100, 100)
    assert sum(queue["completed"]) == 7


def test_one_kind_can_be_asked_for():
    happened(1, completed=3)
    happened(1, kind="b", completed=4)
    assert sum(ask(minutes=5, kind="b")["queues"][0]["completed"]) == 4
    assert sum(ask(minutes=5, kind="c")["queues"][0]["completed"]) == 0


def test_the_minute_that_is_not_over_and_those_before_are_left_out():
    happened(0, completed=1)
    happened(9, completed=10)
    # One that has ended while this test ran may be there.
    assert sum(ask(minutes=5)["queues"][0]["completed"]) in {0, 1}
    assert len(ask(minutes=1)["minutes"]) == 1


def test_a_day_is_one_query_and_not_too_large():
    for minute in range(1, 1000, 7):
        happened(minute, completed=10**6, wait_ms=histogram(ms900=10**6))
    client = plain()
    with answering() as queries:
        response = client.get(METRICS, {"minutes": 1440})
    assert len(queries) == 1
    assert len(response.json()["data"]["minutes"]) == 1440
    assert len(response.content) < 256 * 1024


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "1441"}, "minutes"),
        ({"minutes": "-5"}, "minutes"),
        ({"minutes": "x"}, "minutes"),
        ({"minutes": "1.5"}, "minutes"),
        ({"minutes": "9" * 2000}, "minutes"),
        ({"queue": "notification"}, "queue"),
        ({"kind": "a" * 101}, "kind"),
        ({"hours": "1"}, "hours"),
        ({"Minutes": "1"}, "Minutes"),
        ({"minutes": ["1", "2"]}, "minutes"),
    ],
)
def test_what_is_asked_wrongly_is_named(query, field):
    assert field_errors(plain().get(METRICS, query)) == {field}


def test_what_is_empty_was_left_out():
    assert len(ask(minutes="", queue="", kind="", format="json")["minutes"]) == 60


@pytest.mark.parametrize(
    ("caller", "statuses"),
    [
        (anonymous, {401}),
        (plain, {200}),
        (lambda: with_scopes("queue:read"), {200}),
        (lambda: with_scopes("queue:write", "queue:manage"), {403}),
        (operator, {200}),
    ],
)
def test_who_may_read_sees_them(caller, statuses):
    assert caller().get(METRICS).status_code in statuses


def test_its_page_can_be_looked_at():
    jobs_in(State.WAITING)
    page = plain().get(METRICS, {"minutes": 2}, headers={"accept": "text/html"})
    assert page.status_code == 200
