"""Deleting finished jobs that are old."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from queues.models import AuditEntry, Job
from queues.states import FINISHED, State
from tests.jobs import QUEUE
from tests.operating import jobs_in
from tests.queues.api.callers import (
    anonymous,
    field_errors,
    operator,
    plain,
    untouched,
    with_scopes,
)
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
CLEANUP = "/api/queue/cleanup"
HOUR = timedelta(hours=1)
QUEUES = ["contentAggregation", "notifications", "userActions"]


def old(age, *states, queue=QUEUE):
    """A job in each of the states that was created, and maybe finished, so long ago."""
    ids = jobs_in(*states)
    moved = {"created_at": Now() - age, "run_at": Now() - age, "queue": queue}
    Job.objects.filter(pk__in=ids).update(**moved)
    Job.objects.filter(pk__in=ids, state__in=FINISHED).update(finished_at=Now() - age)
    return ids


def clean_up(client=None, **body):
    return (client or operator()).post(CLEANUP, body)


def removed(response):
    assert response.status_code == 200, response.content
    data = response.json()["data"]
    return {
        f"{queue} {state}": number
        for queue, states in data["removed"].items()
        for state, number in states.items()
        if number
    }


def test_without_a_body_it_answers_as_the_old_service_did():
    response = operator().post(CLEANUP)
    body = response.json()
    assert response.status_code == 200
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", body["data"].pop("timestamp"))
    assert body == {
        "success": True,
        "message": "Queue cleanup completed successfully",
        "data": {
            "dryRun": False,
            "removed": {queue: {"completed": 0, "failed": 0} for queue in QUEUES},
            "total": 0,
        },
    }


def test_completed_ones_go_after_a_day_and_failed_ones_after_a_week():
    young = old(23 * HOUR, *State) + old(167 * HOUR, State.FAILED, State.CANCELLED)
    gone = old(25 * HOUR, State.COMPLETED, State.COMPLETED) + old(169 * HOUR, State.FAILED)
    gone += old(25 * HOUR, State.COMPLETED, queue="user-actions")
    response = clean_up()
    assert removed(response) == {
        "contentAggregation completed": 2,
        "contentAggregation failed": 1,
        "userActions completed": 1,
    }
    assert response.json()["data"]["total"] == len(gone)
    assert set(Job.objects.values_list("pk", flat=True)) == set(young)


def test_what_waits_or_runs_is_never_deleted():
    ids = old(timedelta(days=400), *State)
    clean_up(graceMs=0, states=["completed", "failed", "cancelled"])
    left = Job.objects.filter(pk__in=ids).values_list("state", flat=True)
    assert set(left) == set(State) - FINISHED


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ({"queue": "content-aggregation"}, {"contentAggregation completed": 2}),
        ({"queue": "contentAggregation"}, {"contentAggregation completed": 2}),
        ({"queue": "notifications"}, {"notifications completed": 1}),
        (
            {"states": ["cancelled"]},
            {"contentAggregation cancelled": 2, "notifications cancelled": 1},
        ),
        ({"states": ["failed"]}, {}),
        (
            {"states": ["failed", "failed"], "graceMs": 1000},
            {"contentAggregation failed": 2, "notifications failed": 1},
        ),
        (
            {"graceMs": 1000, "limit": 1, "queue": QUEUE},
            {"contentAggregation completed": 1, "contentAggregation failed": 1},
        ),
        ({"graceMs": 3 * 24 * 3600 * 1000}, {}),
    ],
)
def test_what_is_asked_for_goes_and_looking_first_says_the_same(body, gone):
    old(48 * HOUR, *FINISHED)
    old(49 * HOUR, *FINISHED)
    old(48 * HOUR, *FINISHED, queue="notifications")
    client = operator()
    looked = clean_up(client, **body, dryRun=True)
    assert removed(looked) == gone
    assert looked.json()["data"]["dryRun"] is True
    assert (Job.objects.count(), AuditEntry.objects.count()) == (9, 0)
    assert removed(clean_up(client, **body)) == gone
    assert Job.objects.count() == 9 - sum(gone.values())


def test_the_oldest_go_first():
    newer, older = old(30 * HOUR, State.COMPLETED), old(40 * HOUR, State.COMPLETED)
    clean_up(limit=1)
    assert [*Job.objects.values_list("pk", flat=True)] == newer
    assert older != newer


def test_it_goes_in_steps_and_the_audit_has_each_of_them():
    ids = old(48 * HOUR, *[State.COMPLETED] * 2600)
    assert removed(clean_up(limit=2500, reason="it is full")) == {
        "contentAggregation completed": 2500
    }
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.count for entry in entries] == [1000, 1000, 500]
    assert {(one.verb, one.actor, one.door, one.reason) for one in entries} == {
        ("clean", "op", "API", "it is full")
    }
    assert Job.objects.filter(pk__in=ids[-100:]).count() == 100


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"queue": "notification"}, "queue"),
        ({"queue": 5}, "queue"),
        ({"queue": ""}, "queue"),
        ({"queue": None}, "queue"),
        ({"states": ["waiting"]}, "states"),
        ({"states": ["completed", "active"]}, "states"),
        ({"states": "completed"}, "states"),
        ({"states": {"completed": 1}}, "states"),
        ({"states": []}, "states"),
        ({"states": [["completed"]]}, "states"),
        ({"states": [1]}, "states"),
        ({"states": None}, "states"),
        ({"graceMs": -1}, "graceMs"),
        ({"graceMs": 1.5}, "graceMs"),
        ({"graceMs": "1000"}, "graceMs"),
        ({"graceMs": 2**53 - 1}, "graceMs"),
        ({"limit": 0}, "limit"),
        ({"limit": 1_000_001}, "limit"),
        ({"limit": True}, "limit"),
        ({"dryRun": "yes"}, "dryRun"),
        ({"dryRun": 1}, "dryRun"),
        ({"reason": 5}, "reason"),
        ({"reason": "a" * 1001}, "reason"),
        ({"dryrun": True}, "dryrun"),
        ({"grace": 5}, "grace"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_goes(body, field):
    old(timedelta(days=400), *FINISHED)
    assert field_errors(clean_up(**body)) == {field}
    assert Job.objects.count() == 3


@pytest.mark.parametrize("body", ["[]", "null", "5", '"x"'])
def test_a_body_that_is_no_object_is_refused(body):
    response = operator().post(CLEANUP, body, content_type="application/json")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("caller", "statuses"),
    [
        (anonymous, {401}),
        (plain, {403}),
        (lambda: with_scopes("queue:read", "queue:write"), {403}),
        (lambda: with_scopes("queue:manage"), {200}),
        (operator, {200}),
    ],
)
def test_it_is_for_those_who_manage(caller, statuses):
    old(timedelta(days=400), State.COMPLETED)
    response = clean_up(caller())
    assert response.status_code in statuses
    assert Job.objects.exists() is (statuses != {200})
    if statuses == {403}:
        assert response.json()["code"] == "missing_scope"
        assert "queue:manage" in response.json()["detail"]


def test_the_form_can_be_sent_as_it_stands():
    old(timedelta(days=400), *State)
    response = untouched(operator(), CLEANUP)
    assert removed(response) == {
        "contentAggregation completed": 1,
        "contentAggregation failed": 1,
    }


def test_an_empty_form_is_as_good_as_no_body():
    old(timedelta(days=400), *State)
    blank = dict.fromkeys(["queue", "graceMs", "limit", "reason"], "")
    response = operator().post(CLEANUP, blank, format="multipart")
    assert removed(response) == {
        "contentAggregation completed": 1,
        "contentAggregation failed": 1,
    }


def test_two_at_once_delete_each_job_once():
    old(timedelta(days=400), *[State.COMPLETED] * 1500)
    client = operator()
    connections.close_all()
    answers = together(lambda: clean_up(client), lambda: clean_up(client))
    assert sum(answer.json()["data"]["total"] for answer in answers) == 1500
    assert not Job.objects.exists()
