"""Looking at queues, and changing them while workers run."""

from __future__ import annotations

import pytest
from django.db import connections

from queues import leases, queue_control
from queues.models import AuditEntry, Job, QueueControl
from queues.rate import Rate
from queues.states import State
from tests.counting import answering
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
QUEUES = "/api/queue/queues"
ONE = f"{QUEUES}/{QUEUE}"
NOTHING_SET = {
    "isPaused": False, "pausedAt": None, "concurrency": None, "slots": None, "rateLimit": None,
    "isFair": False,
}  # fmt: skip


def data(response):
    assert response.status_code == 200, response.content
    return response.json()["data"]


def set_now(client, path=ONE):
    return {name: data(client.get(path))[name] for name in NOTHING_SET}


def test_all_of_them_are_listed_with_their_defaults():
    body = plain().get(QUEUES).json()
    assert (body["success"], body["next"], body["previous"]) == (True, None, None)
    assert [one["jsonName"] for one in body["data"]] == [
        "contentAggregation", "notifications", "userActions",
    ]  # fmt: skip
    assert body["data"][0] == {
        **NOTHING_SET,
        "name": "content-aggregation",
        "jsonName": "contentAggregation",
        "counts": {
            "waiting": 0, "delayed": 0, "waitingChildren": 0, "active": 0, "completed": 0,
            "failed": 0, "cancelled": 0,
        },
        "workers": 0,
        "workerSlots": 0,
        "oldestSeconds": None,
        "completedPerMinute": 0.0,
        "failedPerMinute": 0.0,
        "defaults": {
            "attempts": 3,
            "backoff": {
                "type": "exponential", "delay": 2000, "jitter": 0.0, "cap": 604_800_000,
            },
            "timeout": 180_000,
            "removeOnComplete": 10,
            "removeOnFail": 5,
            "slots": 16,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "shown"),
    [
        ({"age": 60}, {"age": 60}),
        ({"age": 60, "count": 5}, {"age": 60, "count": 5}),
        (False, False),
        (True, 0),
        (7, 7),
    ],
)
def test_a_retention_is_shown_in_the_shortest_of_its_forms(settings, keep, shown):
    changed = {**settings.QUEUES[QUEUE], "keep_completed": keep, "keep_failed": keep}
    settings.QUEUES = {**settings.QUEUES, QUEUE: changed}
    defaults = data(plain().get(ONE))["defaults"]
    assert (defaults["removeOnComplete"], defaults["removeOnFail"]) == (shown, shown)


def test_what_happens_in_a_queue_is_told():
    jobs_in(State.WAITING, State.DELAYED, State.WAITING_CHILDREN)
    leases.register("two", {QUEUE: 5, "notifications": 3}, version="1")
    queue_control.set_rate(QUEUE, Rate(count=30, per=1.5))
    found = data(plain().get(ONE))
    assert (found["counts"]["waiting"], found["counts"]["waitingChildren"]) == (1, 1)
    assert (found["workers"], found["workerSlots"]) == (2, 105)
    assert found["rateLimit"] == {"max": 30, "duration": 1500}
    assert found["oldestSeconds"] >= 0


@pytest.mark.parametrize("name", ["user-actions", "userActions"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_queue_goes_by_both_of_its_names(name, slash):
    assert data(plain().get(f"{QUEUES}/{name}{slash}"))["name"] == "user-actions"


@pytest.mark.parametrize("name", ["notification", "USERACTIONS", "0", "%0A", "a" * 500, "é"])
@pytest.mark.parametrize("verb", ["", "/pause", "/resume", "/drain"])
def test_there_is_no_other_queue(name, verb):
    client = operator()
    path = f"{QUEUES}/{name}{verb}"
    response = client.post(path) if verb else client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({}, {}),
        ({"concurrency": 7}, {"concurrency": 7}),
        ({"slots": 500}, {"slots": 500}),
        (
            {"rateLimit": {"max": 300, "duration": 60_000}},
            {"rateLimit": {"max": 300, "duration": 60_000}},
        ),
        ({"isFair": True}, {"isFair": True}),
        ({"concurrency": 1, "slots": 2, "isFair": True}, {
            "concurrency": 1, "slots": 2, "isFair": True,
        }),
    ],
)  # fmt: skip
def test_what_is_named_is_set_and_null_takes_it_back(body, shown):
    client = operator()
    answered = data(client.patch(ONE, body))
    assert {name: answered[name] for name in NOTHING_SET} == {**NOTHING_SET, **shown}
    assert set_now(client, f"{QUEUES}/notifications") == NOTHING_SET
    data(client.patch(ONE, {"reason": "nothing else"}))
    assert set_now(client) == {**NOTHING_SET, **shown}
    back = {name: False if name == "isFair" else None for name in body}
    data(client.patch(ONE, back))
    assert set_now(client) == NOTHING_SET


def test_each_change_is_in_the_audit():
    operator().patch(ONE, {"concurrency": 7, "isFair": True, "reason": "peak hour"})
    entries = AuditEntry.objects.order_by("pk")
    assert {one.verb for one in entries} == {"cap", "fair"}
    assert {(one.actor, one.door, one.reason, one.target["queue"]) for one in entries} == {
        ("op", "API", "peak hour", QUEUE)
    }


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"concurrency": 0}, {"concurrency"}),
        ({"concurrency": "7"}, {"concurrency"}),
        ({"concurrency": 1_000_001}, {"concurrency"}),
        ({"concurrency": True}, {"concurrency"}),
        ({"slots": 501}, {"slots"}),
        ({"slots": 1.5}, {"slots"}),
        ({"rateLimit": 5}, {"rateLimit"}),
        ({"rateLimit": {}}, {"rateLimit.max", "rateLimit.duration"}),
        ({"rateLimit": {"max": 1}}, {"rateLimit.duration"}),
        ({"rateLimit": {"max": 1, "duration": 99}}, {"rateLimit.duration"}),
        ({"rateLimit": {"max": 0, "duration": 1000}}, {"rateLimit.max"}),
        ({"rateLimit": {"max": 1, "duration": 1000, "per": 1}}, {"rateLimit.per"}),
        ({"rateLimit": [1, 2]}, {"rateLimit"}),
        ({"isFair": None}, {"isFair"}),
        ({"isFair": "yes"}, {"isFair"}),
        ({"cap": 5}, {"cap"}),
        ({"isPaused": True}, {"isPaused"}),
        ({"name": "x"}, {"name"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_set(body, fields):
    client = operator()
    assert field_errors(client.patch(ONE, {"isFair": True, "slots": 3, **body})) == fields
    assert set_now(client) == NOTHING_SET
    assert not AuditEntry.objects.exists()


def test_two_changes_at_once_are_both_made():
    client = operator()
    connections.close_all()
    answers = together(
        lambda: client.patch(ONE, {"concurrency": 4, "isFair": True}),
        lambda: client.patch(ONE, {"slots": 5, "rateLimit": {"max": 1, "duration": 100}}),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert set_now(client) == {
        **NOTHING_SET, "concurrency": 4, "isFair": True, "slots": 5,
        "rateLimit": {"max": 1, "duration": 100},
    }  # fmt: skip


def test_a_form_that_leaves_a_box_out_does_not_untick_it():
    client = operator()
    client.patch(ONE, {"isFair": True})
    data(client.patch(ONE, {"concurrency": "4"}, format="multipart"))
    assert (set_now(client)["isFair"], set_now(client)["concurrency"]) == (True, 4)


def test_a_queue_is_paused_and_resumed():
    client = operator()
    paused = data(client.post(f"{ONE}/pause", {"reason": "a deploy"}))
    assert paused["isPaused"] is True
    assert paused["pausedAt"].endswith("Z")
    assert QueueControl.objects.get().paused_at is not None
    resumed = data(client.post(f"{QUEUES}/contentAggregation/resume/"))
    assert (resumed["isPaused"], resumed["pausedAt"]) == (False, None)
    told = AuditEntry.objects.order_by("pk").values_list("verb", "reason")
    assert list(told) == [("pause", "a deploy"), ("resume", "")]


@pytest.mark.parametrize(
    ("body", "removed", "gone"),
    [
        ({}, 1, {State.WAITING}),
        ({"delayed": True}, 2, {State.WAITING, State.DELAYED}),
        ({"delayed": True, "dryRun": True}, 2, set()),
        ({"dryRun": True}, 1, set()),
    ],
)
def test_a_queue_is_drained_of_what_waits(body, removed, gone):
    jobs_in(*State)
    assert data(operator().post(f"{ONE}/drain", body)) == {
        "removed": removed, "dryRun": body.get("dryRun", False),
    }  # fmt: skip
    assert set(Job.objects.values_list("state", flat=True)) == set(State) - gone
    assert AuditEntry.objects.count() == bool(gone)


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("drain", {"delayed": "yes"}, "delayed"),
        ("drain", {"delayed": None}, "delayed"),
        ("drain", {"states": ["active"]}, "states"),
        ("pause", {"reason": 1}, "reason"),
        ("pause", {"until": "2026-01-01"}, "until"),
        ("resume", {"queue": QUEUE}, "queue"),
    ],
)
def test_verbs_refuse_what_they_do_not_know(verb, body, field):
    jobs_in(*State)
    assert field_errors(operator().post(f"{ONE}/{verb}", body)) == {field}
    assert Job.objects.count() == len(State)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", ["pause", "resume", "drain"])
def test_the_forms_can_be_sent_as_they_stand(verb):
    response = untouched(operator(), f"{ONE}/{verb}")
    assert response.status_code == 200
    assert response.json()["success"] is True


@pytest.mark.parametrize(
    ("caller", "reads", "changes"),
    [
        (anonymous, {401}, {401}),
        (plain, {200}, {403}),
        (lambda: with_scopes("queue:read"), {200}, {403}),
        (lambda: with_scopes("queue:write"), {403}, {403}),
        (lambda: with_scopes("queue:manage"), {403}, {200}),
        (operator, {200}, {200}),
    ],
)
def test_who_reads_and_who_changes(caller, reads, changes):
    client = caller()
    for path in (QUEUES, ONE):
        assert client.get(path).status_code in reads
    answers = [
        client.patch(ONE, {"slots": 3}),
        *(client.post(f"{ONE}/{verb}") for verb in ("pause", "resume", "drain")),
    ]
    assert {answer.status_code for answer in answers} <= changes
    assert QueueControl.objects.exists() is (changes == {200})
    if changes == {403}:
        assert all("queue:manage" in answer.json()["detail"] for answer in answers)


def test_however_many_jobs_there_are_it_takes_as_many_queries():
    jobs_in(*[State.WAITING] * 20)
    client = plain()
    with answering() as queries:
        client.get(QUEUES)
    assert len(queries) <= 5
