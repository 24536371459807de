"""The workers and the groups of failures, over HTTP."""

from __future__ import annotations

import pytest

from queues import leases
from queues.enqueue import enqueue
from queues.models import AuditEntry, FailureGroup, Job, Operation, Worker
from queues.states import State
from queues.testing import run_job
from tests.counting import answering
from tests.jobs import QUEUE, Act
from tests.operating import carry_out, jobs_in
from tests.queues.api.callers import (
    anonymous,
    field_errors,
    operator,
    plain,
    untouched,
    with_scopes,
)
from tests.rows import let_leases_run_out

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = "/api/queue/workers"
FAILURES = "/api/queue/failures"


def test_a_worker_is_shown_with_what_it_runs():
    worker_id = leases.register("one", {QUEUE: 4, "notifications": 2}, version="1.5")
    Job.objects.filter(pk__in=jobs_in(*[State.ACTIVE] * 3)).update(worker=worker_id)
    Worker.objects.exclude(pk=worker_id).delete()
    body = operator().get(WORKERS).json()
    (found,) = body.pop("data")
    assert body == {"success": True, "next": None, "previous": None}
    row = Worker.objects.get()
    for name in ("startedAt", "beatAt", "expiresAt"):
        assert found.pop(name).endswith("Z")
    assert found == {
        "id": worker_id, "name": "one", "host": row.host, "pid": row.pid, "version": "1.5",
        "isLive": True, "queues": row.queues, "slots": {QUEUE: 4, "notifications": 2},
        "running": {QUEUE: 3}, "kinds": row.kinds,
    }  # fmt: skip


def test_a_dead_one_is_there_until_it_is_found():
    leases.register("one", {QUEUE: 4}, version="1")
    let_leases_run_out()
    leases.register("two", {QUEUE: 4}, version="1")
    found = operator().get(WORKERS).json()["data"]
    assert [(one["name"], one["isLive"], one["running"]) for one in found] == [
        ("one", False, {}), ("two", True, {}),
    ]  # fmt: skip


def test_many_take_as_many_queries_as_one():
    for number in range(20):
        leases.register(f"w{number}", {QUEUE: 4}, version="1")
    client = operator()
    with answering() as queries:
        client.get(WORKERS)
    assert len(queries) == 2


def failed_group():
    """A group with two jobs that are failed."""
    jobs = [run_job(_enqueued()) for _ in range(2)]
    return FailureGroup.objects.get(pk=jobs[0].fingerprint)


def _enqueued():
    return enqueue(Act(what="raise", text="no"), attempts=1)


def test_a_group_is_shown_and_retried():
    group = failed_group()
    client = operator()
    (found,) = client.get(FAILURES).json()["data"]
    assert found.pop("firstSeen") <= found.pop("lastSeen")
    assert found == {
        "fingerprint": group.pk, "kind": "tests.act", "errorClass": group.error_class,
        "place": group.place, "message": group.message, "count": 2, "failedNow": 2,
        "firstVersion": group.first_version, "lastVersion": group.last_version,
    }  # fmt: skip
    response = client.post(f"{FAILURES}/{group.pk}/retry", {"reason": "it is mended"})
    assert response.status_code == 202
    operation = Operation.objects.get(pk=response.json()["data"]["id"])
    assert response["Location"].endswith(f"/api/queue/operations/{operation.pk}")
    assert operation.reason == "it is mended"
    carry_out(operation)
    assert Job.objects.filter(kind="tests.act", state="waiting").count() == 2
    assert client.get(FAILURES).json()["data"][0]["failedNow"] == 0


def test_its_form_can_be_sent_as_it_stands():
    assert untouched(operator(), f"{FAILURES}/{failed_group().pk}/retry").status_code == 202


@pytest.mark.parametrize("fingerprint", ["0" * 16, "0" * 15, "0" * 17, "F" * 16, "x", "%0A"])
def test_there_is_no_other_group(fingerprint):
    response = operator().post(f"{FAILURES}/{fingerprint}/retry")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Operation.objects.exists()


def test_what_is_wrong_is_named():
    group = failed_group()
    assert field_errors(operator().post(f"{FAILURES}/{group.pk}/retry", {"why": "x"})) == {"why"}
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("caller", "reads", "changes"),
    [
        (anonymous, {401}, {401}),
        (plain, {403}, {403}),
        (lambda: with_scopes("queue:read", "queue:write"), {403}, {403}),
        (lambda: with_scopes("queue:manage"), {403}, {202}),
        (lambda: with_scopes("queue:read", "queue:manage"), {200}, {202}),
        (operator, {200}, {202}),
    ],
)
def test_who_sees_them_and_who_acts(caller, reads, changes):
    group = failed_group()
    client = caller()
    for path in (WORKERS, FAILURES):
        assert client.get(path).status_code in reads
    assert client.post(f"{FAILURES}/{group.pk}/retry").status_code in changes
    assert AuditEntry.objects.exists() is (changes == {202})
