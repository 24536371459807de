"""Verbs for many jobs in the admin: looking first, beginning, stopping, undoing."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission

from queues import bulk
from queues.filters import parse
from queues.models import AuditEntry, Job, Operation
from queues.states import State
from tests.operating import OURS, carry_out, jobs_in
from tests.pages import said

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/admin/queues/operation/new/"
WAITING = {"kind": "tests.act", "state": "waiting"}


def look(client, **data):
    return client.get(f"{NEW}?{urlencode(data)}")


def staff(django_user_model, *permissions):
    user = django_user_model.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_who_looks_first_sees_what_would_be_done_and_nothing_is(admin_client):
    jobs_in(State.WAITING, State.WAITING, State.ACTIVE, State.COMPLETED)
    response = look(admin_client, verb="cancel", kind="tests.act", queue="")
    page = response.content.decode()
    assert "cancel: 4 jobs are found; 1 of them" in page
    assert '<li data-state="waiting">waiting: 2</li>' in page
    assert len(response.context["preview"].sample) == 4
    assert not Operation.objects.exists()


def test_what_was_looked_at_is_begun_by_the_user_for_their_reason(admin_client):
    jobs_in(State.WAITING, State.COMPLETED)
    data = {**WAITING, "verb": "priority", "value": "7", "reason": "a flood"}
    response = admin_client.post(NEW, data, follow=True)
    operation = Operation.objects.get()
    assert response.redirect_chain[-1][0] == f"/admin/queues/operation/{operation.pk}/change/"
    assert said(response) == [f"Operation {operation.pk} has begun: priority of 1 jobs."]
    assert (operation.actor, operation.door, operation.reason) == ("admin", "admin", "a flood")
    assert (operation.filter, operation.value) == (WAITING, 7)
    assert AuditEntry.objects.get().actor == "admin"
    assert carry_out(operation).done == 1


@pytest.mark.parametrize(("typed", "begins"), [("remove", True), ("Remove", False), ("", False)])
def test_removing_many_jobs_needs_the_word(admin_client, typed, begins):
    jobs_in(State.WAITING)
    assert "type remove to confirm" in look(admin_client, verb="remove", **WAITING).content.decode()
    admin_client.post(NEW, {**WAITING, "verb": "remove", "confirm": typed})
    assert Operation.objects.exists() == begins


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"verb": "explode", "queue": "x"}, "verb is 'explode'"),
        ({"verb": "cancel"}, "filter is empty"),
        ({"verb": "cancel", "state": "asleep"}, "state is 'asleep'; allowed: waiting"),
        ({"verb": "cancel", "colour": "red"}, "'colour' is no word of a filter"),
        ({"verb": "cancel", "ids": "9" * 300}, "ids is"),
        ({"verb": "cancel", "created_after": "0000-01-01"}, "created_after is"),
        ({"verb": "priority", "queue": "x", "value": "high"}, "value is 'high'"),
        ({"verb": "priority", "queue": "x", "value": ""}, "value is None"),
        ({"verb": "cancel", "queue": "x", "value": "1"}, "value is 1; allowed: none"),
    ],
)
def test_what_cannot_be_begun_is_said_on_the_form(admin_client, data, says):
    for response in (look(admin_client, **data), admin_client.post(NEW, data)):
        assert response.status_code == 200
        assert says in said(response)[0]
    assert not Operation.objects.exists()


def test_what_postgres_cannot_store_is_said_too(admin_client):
    response = admin_client.post(NEW, {"verb": "cancel", "error": "a\x00"})
    assert said(response) == ["error is 'a\\x00'; Text must not hold the character NUL."]


def test_the_form_is_empty_at_first_and_keeps_what_was_sent(admin_client):
    assert "data-preview" not in admin_client.get(NEW).content.decode()
    page = look(admin_client, verb="cancel", name='"><script>').content.decode()
    assert 'value="&quot;&gt;&lt;script&gt;"' in page


def test_what_is_begun_is_what_was_looked_at_although_time_goes_by(admin_client):
    jobs_in(State.WAITING)
    response = look(admin_client, verb="cancel", created_after="2h")
    date = response.context["meant"]["created_after"]
    assert f'<input type="hidden" name="created_after" value="{date}">' in response.content.decode()
    assert date.endswith("Z")


def test_a_list_of_jobs_leads_there_with_its_filters(admin_client):
    page = admin_client.get("/admin/queues/job/?state__exact=failed&kind__exact=tests.act")
    assert f'href="{NEW}?state=failed&amp;kind=tests.act"' in page.content.decode()


def test_an_operation_is_stopped_and_undone_from_its_page(admin_client):
    jobs_in(State.WAITING)
    operation = bulk.begin("cancel", OURS)
    url = f"/admin/queues/operation/{operation.pk}"
    assert 'action="../stop/"' in admin_client.get(f"{url}/change/").content.decode()
    admin_client.post(f"{url}/stop/", {"reason": "enough"})
    assert Operation.objects.get().must_stop
    carry_out(operation)
    assert 'action="../undo/"' in admin_client.get(f"{url}/change/").content.decode()
    response = admin_client.post(f"{url}/undo/", follow=True)
    undoing = Operation.objects.get(undoes=operation)
    assert said(response) == [f"Operation {undoing.pk} has begun."]
    again = admin_client.post(f"{url}/undo/", follow=True)
    assert "is undone already" in said(again)[0]
    entries = AuditEntry.objects.filter(actor="admin").order_by("id")
    assert [(e.verb, e.reason) for e in entries] == [
        ("stop-operation", "enough"),
        ("undo-operation", ""),
    ]


def test_the_list_says_how_far_each_is(admin_client):
    jobs_in(State.WAITING, State.COMPLETED)
    carry_out(bulk.begin("cancel", OURS))
    bulk.begin("cancel", parse(WAITING))
    page = admin_client.get("/admin/queues/operation/").content.decode()
    assert "2 of 2" in page
    assert "0 of 0" in page
    assert NEW in page


@pytest.mark.parametrize(
    ("permissions", "verb", "status"),
    [
        ((), "cancel", 403),
        (("view_job", "view_operation"), "cancel", 403),
        (("change_job",), "cancel", 200),
        (("change_job",), "remove", 403),
        (("change_job", "delete_job"), "remove", 200),
    ],
)
def test_each_verb_needs_its_permission(client, django_user_model, permissions, verb, status):
    client.force_login(staff(django_user_model, *permissions))
    jobs_in(State.WAITING)
    assert look(client, verb=verb, **WAITING).status_code == status
    if status == 403:
        assert client.post(NEW, {**WAITING, "verb": verb, "confirm": verb}).status_code == 403
        assert not Operation.objects.exists()


@pytest.mark.parametrize("verb", ["stop", "undo"])
def test_stopping_and_undoing_need_the_permission_and_a_post(client, django_user_model, verb):
    operation = bulk.begin("cancel", OURS)
    url = f"/admin/queues/operation/{operation.pk}/{verb}/"
    client.force_login(staff(django_user_model, "view_operation"))
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 403
    page = client.get(f"/admin/queues/operation/{operation.pk}/change/").content.decode()
    assert "../stop/" not in page
    assert Job.objects.get().state == "waiting"
