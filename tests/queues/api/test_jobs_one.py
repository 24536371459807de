"""One job: reading it, and everything that may be done to it."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from queues import bulk, leases
from queues.claims import claim_ids
from queues.cli import shapes
from queues.enqueue import enqueue
from queues.filters import parse
from queues.models import Attempt, AuditEntry, Dependency, Job, LogLine
from tests.counting import answering
from tests.jobs import Act
from tests.queues.api.owned import client, fields, job_of, people, user

pytestmark = pytest.mark.django_db


def url(job, verb=""):
    return f"/api/queue/jobs/{getattr(job, 'pk', job)}{verb and '/'}{verb}"


@pytest.fixture
def owner(db):
    return client(user("owner"))


@pytest.fixture
def operator(db):
    return client(user("operator", is_superuser=True))


def end(job, state="failed"):
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now(), attempt=5)
    return job


def add_history(job, number):
    now = timezone.now()
    Attempt.objects.bulk_create(
        Attempt(job=job, number=1, token=place, outcome="failed", started_at=now, finished_at=now,
                error_class="ValueError", error_message="No", traceback="…")
        for place in range(1, number + 1)
    )  # fmt: skip
    LogLine.objects.bulk_create(
        LogLine(job=job, token=1, text=f"line {place}") for place in range(number * 10)
    )


def test_all_that_is_known_of_a_job_is_told(owner):
    job = Job.objects.get(pk=job_of("owner", "hello").pk)
    add_history(job, 60)
    data = owner.get(url(job)).json()["data"]
    full = shapes.job_in_full(job)
    assert [name for name in data if name in full] == [*full]
    assert {name: data[name] for name in ("payload", "backoff", "timeoutSeconds", "isFront")} == {
        "payload": job.payload, "backoff": job.backoff, "timeoutSeconds": 180, "isFront": False,
    }  # fmt: skip
    assert data["explanation"].startswith("Waiting since")
    assert len(data["attempts"]) == 50
    assert [*data["attempts"][0]] == [*shapes.attempt(Attempt.objects.latest("id"))]
    assert [data["log"][0]["text"], data["log"][-1]["text"]] == ["line 100", "line 599"]
    assert len(data["log"]) == 500
    assert (data["children"], data["parents"]) == (None, 0)
    assert data["links"]["retry"] == f"http://testserver{url(job, 'retry')}"


def test_where_an_attempt_runs_is_for_operators(owner, operator):
    worker_id = leases.register("a-worker", {"user-actions": 1}, version="1")
    job = job_of("owner")
    claim_ids(worker_id, [job.pk], ["user-actions"])
    told = [api.get(url(job)).json()["data"]["explanation"] for api in (owner, operator)]
    assert ["a-worker" in sentence for sentence in told] == [False, True]


def test_where_an_attempt_ran_is_for_operators(owner, operator):
    job = job_of("owner")
    add_history(job, 1)
    told = [
        api.get(url(job)).json()["data"]["attempts"][0]["traceback"] for api in (owner, operator)
    ]
    assert told == ["", "…"]


def test_a_job_of_a_flow_tells_of_its_family(operator):
    job, child = enqueue(Act(what="a")), enqueue(Act(what="b"))
    Dependency.objects.create(parent=job, child_id=child.pk, child_name="b")
    Job.objects.filter(pk=child.pk).update(is_child=True)
    assert operator.get(url(job)).json()["data"]["children"] == {
        "total": 1, "pending": 1, "completed": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert operator.get(url(child)).json()["data"]["parents"] == 1


def test_a_long_history_takes_as_many_queries_as_a_short_one():
    def queries(job):
        api = client(user("owner"))
        with answering() as captured:
            assert api.get(url(job)).status_code == 200
        return len(captured)

    short, long = job_of("owner"), job_of("owner")
    add_history(short, 1)
    add_history(long, 40)
    assert queries(short) == queries(long) <= 11


WHO = [
    # who, GET, PATCH, retry, DELETE
    ("anonymous", 401, 401, 401, 401),
    ("owner", 200, 200, 200, 204),
    ("stranger", 404, 404, 404, 404),
    ("staff", 200, 403, 403, 403),
    ("operator", 200, 200, 200, 204),
    ("reader", 200, 403, 403, 403),
    ("writer", 403, 200, 200, 204),
    ("manager", 200, 200, 200, 204),
    ("robot", 404, 404, 404, 404),
]


@pytest.mark.parametrize(("who", "read", "changed", "retried", "removed"), WHO)
def test_who_may_do_what_to_a_job(who, read, changed, retried, removed):
    api = people()[who]
    job, failed = job_of("owner"), end(job_of("owner"))
    assert api.get(url(job)).status_code == read
    assert api.patch(url(job), {"priority": 7}).status_code == changed
    assert api.post(url(failed, "retry")).status_code == retried
    assert api.post(url(job_of("owner"), "cancel")).status_code == retried
    assert api.post(url(job_of("owner", delay=9), "promote")).status_code == retried
    assert api.delete(url(job)).status_code == removed
    assert Job.objects.filter(pk=job.pk).exists() is (removed != 204)
    failed.refresh_from_db()
    assert failed.state == ("waiting" if retried == 200 else "failed")


def test_only_jobs_of_operators_are_nobodys(owner, operator):
    job = enqueue(Act(what="return"))
    assert owner.post(url(job, "cancel")).status_code == 404
    assert operator.post(url(job, "cancel")).status_code == 200


@pytest.mark.parametrize("id_", ["0", "9" * 18, "007"])
def test_what_is_not_there_is_not_found(operator, id_):
    assert operator.get(url(id_)).status_code == 404
    assert operator.delete(url(id_)).status_code == 404


@pytest.mark.parametrize("id_", ["x", "-1", "9" * 19, "1.0", "1%00"])
def test_what_is_no_id_is_no_address(operator, id_):
    assert operator.get(url(id_)).status_code in {400, 404}


@pytest.mark.parametrize(
    ("verb", "fits", "state"),
    [("retry", "failed", "waiting"), ("cancel", "waiting", "cancelled"),
     ("promote", "delayed", "waiting")],
)  # fmt: skip
def test_a_verb_does_what_it_says_and_is_audited(owner, verb, fits, state):
    job = job_of("owner", delay=60 if fits == "delayed" else 0)
    if fits == "failed":
        end(job)
    response = owner.post(url(job, verb), {"reason": "Because."})
    assert response.status_code == 200
    assert response.json()["data"]["state"] == state
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.door, entry.reason, entry.target) == (
        verb, "owner", "API", "Because.", {"job": job.pk},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "state"), [("retry", "waiting"), ("cancel", "completed"), ("promote", "waiting")]
)
def test_a_verb_that_does_not_fit_is_a_conflict(owner, verb, state):
    job = job_of("owner")
    if state == "completed":
        end(job, state)
    response = owner.post(url(job, verb))
    assert response.status_code == 409
    assert f"is {state}; allowed:" in response.json()["detail"]
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("said", "attempt"), [({}, 0), ({"resetAttempts": False}, 5)])
def test_a_retry_gives_all_attempts_or_one_more(owner, said, attempt):
    job = end(job_of("owner"))
    assert owner.post(url(job, "retry"), said).json()["data"]["attempt"] == attempt


def test_a_retry_that_is_sent_twice_with_a_key_is_done_once(owner):
    job = end(job_of("owner"))
    sent = [owner.post(url(job, "retry"), headers={"Idempotency-Key": "k"}) for _ in "12"]
    assert [response.status_code for response in sent] == [200, 200]
    assert sent[0].json() == sent[1].json()
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("format_", ["json", "multipart"])
def test_all_that_is_asked_for_is_changed(owner, format_):
    job = job_of("owner", delay=60)
    payload = {"userId": job.owner, "text": "new"}
    said = {"priority": 4, "delay": 90_500, "data": payload, "reason": "So."}
    if format_ == "multipart":
        said["data"] = json.dumps(payload)
    data = owner.patch(url(job), said, format=format_).json()["data"]
    assert (data["priority"], data["payload"], data["name"]) == (4, payload, "owned-new")
    job.refresh_from_db()
    assert 80 < (job.run_at - timezone.now()).total_seconds() <= 91
    assert {entry.reason for entry in AuditEntry.objects.all()} == {"So."}


def test_of_what_cannot_all_be_changed_nothing_is(owner):
    job = job_of("owner")
    said = {"data": {"userId": job.owner, "text": "x"}, "priority": 4, "delay": 1000}
    response = owner.patch(url(job), said)
    assert response.status_code == 409
    assert "allowed: delayed" in response.json()["detail"]
    job.refresh_from_db()
    assert (job.priority, job.payload["text"]) == (0, "")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, ""), ({"reason": "x"}, ""), ({"priority": -1}, "priority"),
        ({"priority": "1"}, "priority"), ({"delay": 10**15}, "delay"), ({"delay": True}, "delay"),
        ({"data": []}, "data"), ({"data": {"userId": 7}}, "data"),
        ({"data": {"userId": "0"}}, "data"), ({"data": {"userId": "0", "text": "broken"}}, "data"),
        ({"state": "completed"}, "state"), ({"owner": "1"}, "owner"),
        ({"priority": 1, "x": 1}, "x"),
    ],
)  # fmt: skip
def test_a_change_that_is_wrong_is_refused_by_name(owner, said, field):
    job = job_of("owner")
    response = owner.patch(url(job), said)
    assert response.status_code == 400
    assert fields(response) == [field]
    assert not AuditEntry.objects.exists()


def test_operators_may_give_a_job_to_somebody_else(operator):
    job, other = job_of("owner"), str(user("other").pk)
    assert operator.patch(url(job), {"data": {"userId": other}}).status_code == 200
    job.refresh_from_db()
    assert job.owner == other


def test_a_running_job_is_not_removed(operator, owner):
    job = job_of("owner")
    Job.objects.filter(pk=job.pk).update(state="active", worker_id=1)
    response = owner.delete(url(job))
    assert (response.status_code, Job.objects.count()) == (409, 1)


def test_the_pages_for_people_have_forms_to_begin_with(owner):
    job = job_of("owner", delay=60, priority=3)
    page = owner.get(url(job), HTTP_ACCEPT="text/html").content.decode()
    assert 'data-method="PATCH"' in page
    assert "&quot;priority&quot;: 3" in page
    assert f'href="http://testserver{url(job, "retry")}"' in page
    page = owner.get(url(job, "retry"), HTTP_ACCEPT="text/html").content.decode()
    assert 'name="resetAttempts"' in page
    raw = {"priority": 3, "data": job.payload, "reason": ""}
    assert owner.patch(url(job), raw).status_code == 200
    form = {"reason": "", "resetAttempts": "true"}
    assert owner.post(url(end(job), "retry"), form, format="multipart").status_code == 200


def test_what_the_engine_tells_itself_is_changed_by_nobody(operator):
    operation = bulk.begin("cancel", parse({"queue": "notifications"}))
    job = Job.objects.get(pk=operation.job_id)
    response = operator.patch(url(job), {"data": {"operationId": 999}})
    assert response.status_code == 400
    assert Job.objects.get(pk=job.pk).payload == job.payload
