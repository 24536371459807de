"""Verbs for all jobs of a filter, over HTTP."""

from __future__ import annotations

import pytest

from queues import bulk
from queues.filters import parse
from queues.models import AuditEntry, Job, Operation
from queues.states import FINISHED, State
from tests.counting import answering
from tests.operating import OURS, carry_out, jobs_in
from tests.queues.api.callers import (
    anonymous,
    field_errors,
    operator,
    plain,
    untouched,
    with_scopes,
)

pytestmark = pytest.mark.django_db(transaction=True)
ACTIONS = "/api/queue/jobs/actions"
OPERATIONS = "/api/queue/operations"
KIND = {"kind": "tests.act"}


def act(client=None, key=None, **body):
    headers = {"Idempotency-Key": key} if key else {}
    return (client or operator()).post(ACTIONS, body, headers=headers)


def begun(response):
    """The operation that an answer names."""
    assert response.status_code == 202, response.content
    data = response.json()["data"]
    assert response["Location"] == f"http://testserver{OPERATIONS}/{data['id']}"
    return Operation.objects.get(pk=data["id"])


def test_looking_first_says_what_would_be_done_and_does_nothing():
    ids = jobs_in(State.FAILED, State.FAILED, State.COMPLETED, State.WAITING)
    response = act(verb="retry", filter=KIND, dryRun=True)
    body = response.json()
    assert response.status_code == 200
    sample = body["data"].pop("sample")
    assert [(job["id"], job["state"]) for job in sample] == [
        *zip(ids, ["failed", "failed", "completed", "waiting"], strict=True)
    ]  # fmt: skip
    assert body == {
        "success": True,
        "data": {
            "count": 4,
            "byState": {"failed": 2, "completed": 1, "waiting": 1},
            "passedOver": 1,
        },
    }
    assert not Operation.objects.exists()


def test_states_have_the_names_that_counts_have():
    jobs_in(State.WAITING_CHILDREN, State.WAITING)
    found = act(verb="cancel", filter=KIND, dryRun=True).json()["data"]
    assert found["byState"] == {"waitingChildren": 1, "waiting": 1}


def test_what_is_begun_is_an_operation_that_a_job_carries_out():
    ids = jobs_in(State.FAILED, State.FAILED, State.COMPLETED)
    response = act(verb="retry", filter={**KIND, "state": ["failed"]}, reason="it is back")
    operation = begun(response)
    data = response.json()["data"]
    assert data.pop("createdAt").endswith("Z")
    assert data == {
        "id": operation.pk, "verb": "retry",
        "filter": {"kind": "tests.act", "state": "failed"}, "value": None, "state": "running",
        "mustStop": False, "total": 2, "done": 0, "passedOver": 0, "actor": "op", "door": "API",
        "reason": "it is back", "undoes": None, "jobId": operation.job_id,
        "finishedAt": None,
    }  # fmt: skip
    carry_out(operation)
    shown = operator().get(f"{OPERATIONS}/{operation.pk}/").json()["data"]
    assert (shown["state"], shown["done"], shown["passedOver"]) == ("done", 2, 0)
    states = Job.objects.filter(pk__in=ids).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["waiting", "waiting", "completed"]


@pytest.mark.parametrize(
    ("body", "states", "left"),
    [
        ({"verb": "retry"}, [State.FAILED], {"state": State.WAITING}),
        ({"verb": "cancel"}, [State.WAITING], {"state": State.CANCELLED}),
        ({"verb": "promote"}, [State.DELAYED], {"state": State.WAITING}),
        ({"verb": "priority", "value": 9}, [State.WAITING], {"priority": 9}),
        ({"verb": "priority", "value": 0}, [State.WAITING], {"priority": 0}),
    ],
)
def test_each_verb_is_done(body, states, left):
    (id_,) = jobs_in(*states)
    carry_out(begun(act(filter=KIND, **body)))
    assert Job.objects.filter(pk=id_, **left).exists()


def test_what_is_removed_is_gone():
    jobs_in(State.WAITING, *FINISHED)
    carry_out(begun(act(verb="remove", filter=KIND)))
    assert not Job.objects.filter(kind="tests.act").exists()


def test_no_more_than_the_limit_is_done_and_the_oldest_come_first():
    ids = jobs_in(*[State.FAILED] * 5)
    body = {"verb": "retry", "filter": KIND, "limit": 2}
    client = operator()
    looked = act(client, **body, dryRun=True).json()["data"]
    assert (looked["count"], [job["id"] for job in looked["sample"]]) == (
        2, ids[:2],
    )  # fmt: skip
    operation = begun(act(client, **body))
    assert operation.total == 2
    assert AuditEntry.objects.get().target["limit"] == 2
    carry_out(operation)
    waiting = Job.objects.filter(kind="tests.act", state="waiting").order_by("pk")
    assert list(waiting.values_list("pk", flat=True)) == ids[:2]


@pytest.mark.parametrize("limit", [3, 4, 1000, None])
def test_a_limit_that_is_not_reached_changes_nothing(limit):
    jobs_in(State.FAILED, State.WAITING, State.FAILED)
    found = bulk.preview("retry", OURS, limit=limit)
    assert (found.count, found.passed_over, len(found.sample)) == (3, 1, 3)
    assert bulk.begin("retry", OURS, limit=limit).total == 3


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "2"])
def test_another_limit_is_refused(limit):
    with pytest.raises(bulk.BulkError, match="limit is"):
        bulk.begin("retry", OURS, limit=limit)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"verb", "filter"}),
        ({"verb": "explode", "filter": KIND}, {"verb"}),
        ({"verb": "retry"}, {"filter"}),
        ({"verb": "retry", "filter": None}, {"filter"}),
        ({"verb": "retry", "filter": {}}, {"filter"}),
        ({"verb": "retry", "filter": []}, {"filter"}),
        ({"verb": "retry", "filter": "state=failed"}, {"filter"}),
        ({"verb": "retry", "filter": {"all": False}}, {"filter"}),
        ({"verb": "retry", "filter": {"queue": "notification"}}, {"filter.queue"}),
        ({"verb": "retry", "filter": {"created_after": "2h"}}, {"filter.created_after"}),
        ({"verb": "retry", "filter": {"createdAfter": "x", "ids": [0]}}, {
            "filter.createdAfter", "filter.ids",
        }),
        ({"verb": "retry", "filter": KIND, "value": 1}, {"value"}),
        ({"verb": "priority", "filter": KIND}, {"value"}),
        ({"verb": "priority", "filter": KIND, "value": 2_097_152}, {"value"}),
        ({"verb": "priority", "filter": KIND, "value": "1"}, {"value"}),
        ({"verb": "retry", "filter": KIND, "limit": 0}, {"limit"}),
        ({"verb": "retry", "filter": KIND, "limit": 2**53}, {"limit"}),
        ({"verb": "retry", "filter": KIND, "dryRun": "no"}, {"dryRun"}),
        ({"verb": "retry", "filter": KIND, "dry_run": True}, {"dry_run"}),
        ({"verb": "retry", "filter": KIND, "reason": None}, {"reason"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_begins(body, fields):
    jobs_in(State.FAILED)
    assert field_errors(act(**body)) == fields
    assert not Operation.objects.exists()


def test_all_jobs_are_meant_where_that_is_said():
    jobs_in(*State)
    found = act(verb="cancel", filter={"all": True}, dryRun=True).json()["data"]
    assert (found["count"], found["passedOver"]) == (7, 3)


def test_the_same_request_begins_one_operation():
    jobs_in(State.FAILED)
    client = operator()
    answers = [act(client, "key", verb="retry", filter=KIND) for _ in range(2)]
    assert {begun(answer).pk for answer in answers} == {Operation.objects.get().pk}
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert act(client, "key", verb="cancel", filter=KIND).status_code == 422


def test_the_form_as_it_stands_looks_first():
    jobs_in(State.FAILED, State.WAITING)
    response = untouched(operator(), ACTIONS)
    assert (response.status_code, response.json()["data"]["count"]) == (200, 1)
    assert not Operation.objects.exists()


def an_operation(**words):
    jobs_in(State.WAITING, State.WAITING)
    return bulk.begin("cancel", parse(words) if words else OURS)


def test_operations_are_listed_the_newest_first_a_page_at_a_time():
    ids = [an_operation().pk for _ in range(3)][::-1]
    client = operator()
    first = client.get(f"{OPERATIONS}?pageSize=2").json()
    assert ([one["id"] for one in first["data"]], first["previous"]) == (ids[:2], None)
    second = client.get(first["next"]).json()
    assert ([one["id"] for one in second["data"]], second["next"]) == (ids[2:], None)


def test_the_list_takes_as_many_queries_for_many():
    for _ in range(5):
        an_operation()
    client = operator()
    with answering() as queries:
        client.get(OPERATIONS)
    assert len(queries) <= 1


def test_one_is_stopped():
    operation = an_operation()
    response = operator().post(f"{OPERATIONS}/{operation.pk}/stop", {"reason": "too many"})
    assert (response.status_code, response.json()["data"]["mustStop"]) == (200, True)
    assert carry_out(operation).state == "stopped"
    assert AuditEntry.objects.get(verb="stop-operation").reason == "too many"


def test_one_is_undone_by_another():
    operation = carry_out(an_operation())
    response = operator().post(f"{OPERATIONS}/{operation.pk}/undo")
    undoing = begun(response)
    assert response.json()["data"]["undoes"] == operation.pk
    carry_out(undoing)
    assert Job.objects.filter(kind="tests.act", state="waiting").count() == 2


@pytest.mark.parametrize(
    ("verb", "prepare"), [("stop", carry_out), ("undo", lambda operation: operation)]
)
def test_what_does_not_fit_an_operation_now_is_a_conflict(verb, prepare):
    operation = prepare(an_operation())
    response = operator().post(f"{OPERATIONS}/{operation.pk}/{verb}")
    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("id_", ["1", "999999999999999999", "9999999999999999999", "x", "-1"])
@pytest.mark.parametrize("verb", ["", "/stop", "/undo"])
def test_there_is_no_other_operation(id_, verb):
    path = f"{OPERATIONS}/{id_}{verb}"
    client = operator()
    response = client.post(path) if verb else client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("verb", ["stop", "undo"])
def test_the_forms_can_be_sent_as_they_stand(verb):
    operation = an_operation()
    if verb == "undo":
        carry_out(operation)
    response = untouched(operator(), f"{OPERATIONS}/{operation.pk}/{verb}")
    assert response.status_code in {200, 202}


@pytest.mark.parametrize(
    ("caller", "reads", "changes"),
    [
        (anonymous, {401}, {401}),
        (plain, {403}, {403}),
        (lambda: with_scopes("queue:read"), {403}, {403}),
        (lambda: with_scopes("queue:read", "queue:manage"), {200}, {200, 202, 409}),
        (lambda: with_scopes("queue:manage"), {403}, {200, 202, 409}),
        (operator, {200}, {200, 202, 409}),
    ],
)
def test_who_sees_them_and_who_acts(caller, reads, changes):
    operation = an_operation()
    client = caller()
    for path in (OPERATIONS, f"{OPERATIONS}/{operation.pk}"):
        assert client.get(path).status_code in reads
    answers = [
        act(client, verb="cancel", filter=KIND, dryRun=True),
        client.post(f"{OPERATIONS}/{operation.pk}/stop"),
        client.post(f"{OPERATIONS}/{operation.pk}/undo"),
    ]
    assert {answer.status_code for answer in answers} <= changes
    operation.refresh_from_db()
    assert operation.must_stop is (200 in changes)
