"""The test endpoints of the old service: what comes back, to the field."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from rest_framework.test import APIClient

from accounts.services.tokens import create_token
from queues.models import Job
from tests.counting import answering

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/queue/test"
ONE_OF_EACH = [
    ("content-aggregation", {}),
    ("notification", {"message": "x"}),
    ("user-action", {"action": "like-post", "targetId": "1"}),
]
ALL = [*ONE_OF_EACH, ("bulk-jobs", {})]

ANSWERS = [
    (
        "content-aggregation", {},
        "Content aggregation job added to queue successfully", "fetch-posts-mastodon",
        {"platform": "mastodon", "action": "fetch-posts", "feed": "home"},
    ),
    (
        "content-aggregation", {"action": "fetchPosts", "platform": "lemmy"},
        "Content aggregation job added to queue successfully", "fetchPosts-lemmy",
        {"platform": "lemmy", "action": "fetchPosts", "feed": "home"},
    ),
    (
        "content-aggregation",
        {"action": "sync-timeline", "platform": "peertube", "options": {"data": {"accountId": 3}}},
        "Content aggregation job added to queue successfully", "sync-timeline-peertube",
        {"platform": "peertube", "action": "sync-timeline", "feed": "home", "accountId": 3},
    ),
    (
        "content-aggregation", {"action": "fetch-all-posts"},
        "Content aggregation job added to queue successfully", "fetch-all-posts-mastodon",
        {"platform": "mastodon", "action": "fetch-all-posts"},
    ),
    (
        "notification", {"message": "Hello"},
        "Notification job added to queue successfully", "notification-info",
        {"type": "info", "message": "Hello"},
    ),
    (
        "notification", {"type": "new.post", "message": " x "},
        "Notification job added to queue successfully", "notification-new.post",
        {"type": "new.post", "message": " x "},
    ),
    (
        "user-action", {"action": "like-post", "targetId": "Ab_-9"},
        "User action job added to queue successfully", "like-post-mastodon",
        {"action": "like-post", "targetId": "Ab_-9", "platform": "mastodon"},
    ),
    (
        "user-action",
        {
            "action": "comment-post", "targetId": "1", "platform": "lemmy",
            "options": {"data": {"text": "Well said."}},
        },
        "User action job added to queue successfully", "comment-post-lemmy",
        {"action": "comment-post", "targetId": "1", "platform": "lemmy", "text": "Well said."},
    ),
]  # fmt: skip


def post(client, path, body, **headers):
    return client.post(f"{BASE}/{path}", body, format="json", headers=headers)


@pytest.mark.parametrize(("path", "body", "message", "name", "data"), ANSWERS)
def test_the_answer_is_what_old_clients_rely_on(as_ada, ada, path, body, message, name, data):
    response = post(as_ada, path, body)
    assert response.status_code == 200, response.content
    job = Job.objects.get()
    answer = response.json()
    timestamp = answer["data"]["job"].pop("timestamp")
    assert type(timestamp) is int
    assert timestamp == int(job.created_at.timestamp() * 1000)
    expected = {"userId": str(ada.pk), **data}
    assert answer == {
        "success": True,
        "message": message,
        "data": {"job": {"id": str(job.pk), "name": name, "data": expected}},
    }
    assert (job.name, job.owner, job.payload, job.state) == (
        name, str(ada.pk), expected, "waiting",
    )  # fmt: skip


@pytest.mark.parametrize(("path", "body"), ALL)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_slash_at_the_end_changes_nothing(as_ada, path, body, slash):
    assert post(as_ada, path + slash, body).status_code == 200


@pytest.mark.parametrize(("path", "body"), ONE_OF_EACH)
def test_the_options_are_the_jobs(as_ada, path, body):
    options = {"delay": 5000, "priority": 7, "attempts": 9, "removeOnComplete": 3}
    assert post(as_ada, path, {**body, "options": options}).status_code == 200
    job = Job.objects.get()
    assert (job.state, job.priority, job.max_attempts, job.keep_completed) == ("delayed", 7, 9, 3)
    assert (job.run_at - job.created_at).total_seconds() == pytest.approx(5, abs=0.1)


def test_of_many_jobs_each_kind_has_its_turn_and_its_delay(as_ada, ada):
    response = post(as_ada, "bulk-jobs", {"count": 7})
    assert response.status_code == 200
    answer = response.json()
    jobs = list(Job.objects.order_by("id"))
    assert set(answer) == {"success", "message", "data"}
    assert set(answer["data"]) == {"jobs", "timestamp"}
    assert answer["data"]["timestamp"].endswith("Z")
    types = ["content-aggregation", "notification", "user-action"] * 2 + ["content-aggregation"]
    assert answer["data"]["jobs"] == [
        {"type": type_, "id": str(job.pk)} for type_, job in zip(types, jobs, strict=True)
    ]
    delays = [(job.run_at - job.created_at).total_seconds() for job in jobs]
    assert delays == pytest.approx([0, 0.5, 1.5, 3, 2, 3.75, 6], abs=0.1)
    assert {job.owner for job in jobs} == {str(ada.pk)}
    queues = ["content-aggregation", "notifications", "user-actions"]
    assert [job.queue for job in jobs[:3]] == queues


@pytest.mark.parametrize(("body", "count"), [({}, 5), ({"count": 1}, 1), ({"count": 1000}, 1000)])
def test_of_many_jobs_five_are_the_default_and_a_thousand_the_most(as_ada, body, count):
    response = post(as_ada, "bulk-jobs", body)
    assert len(response.json()["data"]["jobs"]) == Job.objects.count() == count


def test_a_thousand_jobs_take_no_more_queries_than_five(as_ada):
    with answering() as queries:
        post(as_ada, "bulk-jobs", {"count": 1000})
    assert len(queries) <= 4


@pytest.mark.parametrize(("path", "body"), ALL)
def test_nobody_adds_a_job_without_signing_in(path, body):
    assert post(APIClient(), path, body).status_code == 401
    assert not Job.objects.exists()


@pytest.mark.parametrize(("path", "body"), ALL)
def test_a_token_needs_the_scope_and_no_other(signed_in, ada, path, body):
    response = post(signed_in(ada, "queue:read", "queue:manage", "hub:write"), path, body)
    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
    assert not Job.objects.exists()
    assert post(signed_in(ada, "queue:write"), path, body).status_code == 200


@pytest.mark.parametrize(("path", "body"), ALL)
def test_the_user_is_the_tokens(client, ada, eve, path, body):
    _, text = create_token(eve, scopes=["queue:write"], days=1, source="sign-in")
    headers = {"authorization": f"Bearer {text}"}
    response = client.post(f"{BASE}/{path}", body, content_type="application/json", headers=headers)
    assert response.status_code == 200, response.content
    assert {job.owner for job in Job.objects.all()} == {str(eve.pk)}


@pytest.mark.parametrize(("path", "body"), ALL)
def test_what_is_sent_twice_under_a_key_is_done_once(as_ada, path, body):
    first = post(as_ada, path, body, **{"idempotency-key": "k"})
    count = Job.objects.count()
    again = post(as_ada, path, body, **{"idempotency-key": "k"})
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == count > 0


class Form(HTMLParser):
    """What the first form of a page holds before anybody touches it."""

    def __init__(self, page):
        super().__init__()
        self.values: dict[str, str] = {}
        self._forms = 0
        self._name = None
        self.feed(page[page.index('enctype="multipart/form-data"') :])

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self._forms += tag == "form"
        if self._forms:
            return
        if tag in {"select", "textarea"}:
            self._name = found["name"]
            self.values[self._name] = ""
        elif tag == "input":
            self.values[found["name"]] = found.get("value") or ""
        elif tag == "option" and "selected" in found:
            self.values[self._name] = found["value"]

    def handle_data(self, data):
        if self.lasttag == "textarea" and self._name and not self._forms:
            self.values[self._name] += data

    def handle_endtag(self, tag):
        self._forms += tag == "form"
        if tag in {"select", "textarea"}:
            self._name = None


FORMS = [
    ("content-aggregation", {"platform": "mastodon", "action": "fetch-posts", "options": "{}"}),
    ("notification", {"type": "info", "message": "Hello", "options": "{}"}),
    (
        "user-action",
        {"action": "like-post", "targetId": "1", "platform": "mastodon", "options": "{}"},
    ),
    ("bulk-jobs", {"count": "5"}),
]


@pytest.mark.parametrize(("path", "values"), FORMS)
def test_a_person_sends_the_form_as_it_is(as_ada, path, values):
    page = as_ada.get(f"{BASE}/{path}", headers={"accept": "text/html"}).content.decode()
    form = Form(page).values
    form.pop("csrfmiddlewaretoken", None)
    assert form == values
    response = as_ada.post(f"{BASE}/{path}", form, format="multipart")
    assert response.status_code == 200, response.content
    assert Job.objects.exists()


@pytest.mark.parametrize(("path", "body"), ALL)
def test_what_is_left_blank_in_a_form_is_left_out(as_ada, path, body):
    blank = dict.fromkeys(["platform", "options", "count", "type"], "")
    known = {
        "content-aggregation": ["platform", "options"],
        "notification": ["type", "options"],
        "user-action": ["platform", "options"],
        "bulk-jobs": ["count"],
    }[path]
    sent = {**{name: blank[name] for name in known}, **body}
    assert as_ada.post(f"{BASE}/{path}", sent, format="multipart").status_code == 200
