from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from queues.enqueue import enqueue
from queues.models import AuditEntry, FailureGroup, Job, Operation
from queues.testing import run_job
from tests.jobs import Act

pytestmark = pytest.mark.django_db
LIST = "/admin/queues/failuregroup/"
JOBS = "/admin/queues/job/"


@pytest.fixture
def group():
    """One with two failed jobs; a third failed elsewhere."""
    for what in ("raise", "raise", "exit"):
        run_job(enqueue(Act(what=what, text="<b>no luck</b>"), attempts=1))
    return FailureGroup.objects.get(error_class="ValueError")


def retry(client, *groups):
    data = {"action": "retry_the_jobs", "_selected_action": [one.pk for one in groups]}
    return client.post(LIST, data, follow=True)


def test_the_list_says_what_fails_where_and_how_often(admin_client, group):
    page = admin_client.get(LIST).content.decode()
    for part in ("ValueError", "tests.jobs.act", "tests.act", "&lt;b&gt;no luck&lt;/b&gt;"):
        assert part in page
    assert "<b>no luck</b>" not in page


def test_a_group_leads_to_its_failed_jobs(admin_client, group):
    page = admin_client.get(LIST).content.decode()
    query = f"fingerprint__exact={group.pk}&state__exact=failed"
    assert f'<a href="{JOBS}?{query.replace("&", "&amp;")}">2</a>' in page
    found = admin_client.get(f"{JOBS}?{query}").context["cl"].result_list
    assert {job.fingerprint for job in found} == {group.pk}
    assert len(found) == 2


def test_retrying_the_chosen_groups_begins_operations_of_the_person(admin_client, group):
    page = retry(admin_client, group).content.decode()
    operation = Operation.objects.get()
    assert (operation.verb, operation.total, operation.actor) == ("retry", 2, "admin")
    assert f"/admin/queues/operation/{operation.pk}/change/" in page
    assert f"Operation {operation.pk} has begun: retry of 2 jobs." in page
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.count) == ("admin", "admin", 2)


def test_a_group_has_a_page(admin_client, group):
    page = admin_client.get(reverse("admin:queues_failuregroup_change", args=[group.pk]))
    assert "tests.jobs.act" in page.content.decode()


def test_who_may_only_look_retries_nothing(client, django_user_model, group):
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_failuregroup"))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    retry(client, group)
    assert not Operation.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_attempt_says_which_code_ran_it(admin_client, group):
    job = Job.objects.filter(fingerprint=group.pk).first()
    job.attempts.update(code_version="2026-11-24.1")
    page = admin_client.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert page.count("2026-11-24.1") == 1
