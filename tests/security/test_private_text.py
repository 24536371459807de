"""Operators see that people wrote something, and not what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from fediverse.activities.models import Notification, Post
from fediverse.activities.payloads import Notify, PerformAction
from fediverse.activities.services.ingest import ingest
from queues.enqueue import enqueue
from queues.models import AuditEntry, Job
from queues.testing import run_job
from tests.fediverse.activities.builders import remote_post

pytestmark = pytest.mark.django_db

CANARY = "canary-of-ada"
HOUR = timedelta(hours=1)


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def written(ada):
    """Everything that ada wrote, or was told, and that is hers alone."""
    for visibility in ("private", "direct"):
        ingest(
            [
                remote_post(
                    uri=f"https://social.example/{visibility}",
                    content_html=f"<p>{CANARY}</p>",
                    spoiler_text=CANARY,
                    visibility=visibility,
                )
            ],
            account=None, host="social.example", feed="public", platform="mastodon",
        )  # fmt: skip
    told = enqueue(Notify(user_id=str(ada.pk), type="info", message=CANARY))
    run_job(told)
    answer = PerformAction(
        user_id=str(ada.pk), action="comment-post", target_id="1", platform="mastodon", text=CANARY
    )
    jobs = [told, enqueue(answer), enqueue(answer, delay=HOUR.total_seconds())]
    return [Job.objects.get(pk=job.pk) for job in jobs]


def admin_pages(written):
    """Every list, every page of a row, and what a search for the text finds."""
    rows = [*Post.objects.all(), *Notification.objects.all(), *written]
    for model in ("activities_post", "activities_notification", "queues_job", "queues_auditentry"):
        yield reverse(f"admin:{model}_changelist")
    for row in rows:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        yield reverse(name, args=[row.pk])


def test_no_page_of_the_admin_shows_it(admin_client, written):
    for path in admin_pages(written):
        response = admin_client.get(path)
        assert response.status_code == 200, path
        assert CANARY not in response.content.decode(), path


@pytest.mark.parametrize(
    "model", ["activities_post", "activities_notification", "queues_job", "activities_sighting"]
)
def test_no_search_of_the_admin_finds_by_it(admin_client, written, model):
    path = reverse(f"admin:{model}_changelist")
    found = admin_client.get(path, {"q": CANARY[:9]}).context["cl"].result_count
    assert found == 0


def as_operator(admin_user):
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


def test_the_api_shows_it_to_its_owner_alone(admin_user, ada, written):
    owner = APIClient()
    owner.force_authenticate(ada)
    operator = as_operator(admin_user)
    for job in written:
        path = f"/api/queue/jobs/{job.pk}"
        assert CANARY in owner.get(path).content.decode()
        shown = operator.get(path)
        assert CANARY not in shown.content.decode()
        assert "(private)" in shown.json()["data"]["payload"].values()
    for path in ("/api/queue/jobs", "/api/queue/jobs?pageSize=100"):
        assert CANARY not in operator.get(path).content.decode()


def test_no_filter_finds_by_it(admin_user, written):
    operator = as_operator(admin_user)
    assert operator.get("/api/queue/jobs", {"payload": CANARY[:9]}).json()["data"] == []
    found = operator.get("/api/queue/jobs", {"payload": '"userId": '}).json()["data"]
    assert len(found) == len(written)


def test_what_an_operator_changes_of_a_job_keeps_what_they_cannot_see(admin_user, written):
    job = written[2]
    path = f"/api/queue/jobs/{job.pk}"
    operator = as_operator(admin_user)
    shown = operator.get(path).json()["data"]["payload"]
    changed = operator.patch(path, {"data": {**shown, "targetId": "7"}})
    assert changed.status_code == 200, changed.content
    assert CANARY not in changed.content.decode()
    job.refresh_from_db()
    assert job.payload["text"] == CANARY
    assert job.payload["targetId"] == "7"


def test_neither_audit_nor_admin_log_keeps_it(admin_user, written):
    operator = as_operator(admin_user)
    payload = {**written[2].payload, "text": "changed by an operator"}
    operator.patch(f"/api/queue/jobs/{written[2].pk}", {"data": payload})
    operator.delete(f"/api/queue/jobs/{written[0].pk}")
    kept = [*AuditEntry.objects.values(), *LogEntry.objects.values()]
    assert AuditEntry.objects.exists()
    assert CANARY not in json.dumps(kept, default=str)


def test_the_text_of_public_posts_is_shown(admin_client, db):
    ingest(
        [remote_post(content_html="<p>for everybody</p>")],
        account=None, host="social.example", feed="public", platform="mastodon",
    )  # fmt: skip
    shown = admin_client.get(reverse("admin:activities_post_changelist")).content.decode()
    assert "for everybody" in shown
