from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from queues.models import AuditEntry, Job, Schedule
from queues.schedules import upsert
from tests.jobs import Act

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/queues/schedule/"
FORM = {
    "name": "nightly",
    "kind": "tests.act",
    "payload": '{"what": "return"}',
    "options": '{"priority": 3}',
    "is_enabled": "on",
    "cron": "30 2 * * *",
    "every_seconds": "",
    "time_zone": "Europe/Berlin",
    "starts_at_0": "2031-03-29",
    "starts_at_1": "00:00:00",
    "ends_at_0": "",
    "ends_at_1": "",
    "limit": "",
    "jitter_seconds": "0",
    "overlap": "skip",
    "misfire": "run-once",
}


def page_of(schedule):
    return f"{LIST}{schedule.pk}/change/"


def test_a_schedule_is_added_and_edited_through_the_service(admin_client):
    admin_client.post(f"{LIST}add/", FORM)
    row = Schedule.objects.get()
    assert (row.name, row.options, row.payload["what"]) == ("nightly", {"priority": 3}, "return")
    assert row.next_at is not None
    admin_client.post(page_of(row), {**FORM, "name": "other", "cron": "45 2 * * *"})
    edited = Schedule.objects.get()
    assert (edited.name, edited.cron) == ("nightly", "45 2 * * *")
    assert edited.next_at > row.next_at
    assert list(AuditEntry.objects.values_list("verb", "actor", "door")) == [
        ("change-schedule", "admin", "admin"),
        ("create-schedule", "admin", "admin"),
    ]


def test_its_page_shows_the_next_ten_runs_as_its_clocks_do(admin_client):
    admin_client.post(f"{LIST}add/", FORM)
    page = admin_client.get(page_of(Schedule.objects.get())).content.decode()
    assert "Sat 2031-03-29 02:30:00 CET" in page
    assert "Sun 2031-03-30 03:00:00 CEST</code> moved: the clocks skip its time" in page
    assert page.count(" 02:30:00 CEST</code>") == 8


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"cron": "30 25 * * *"}, "cron", "hour is '25'; allowed: *, 0 to 23"),
        ({"cron": "0 0 30 2 *"}, "cron", "never happens"),
        ({"cron": ""}, "cron", "so is every; allowed: one of them"),
        ({"every_seconds": "60"}, "every_seconds", "given together with cron"),
        ({"cron": "", "every_seconds": "0"}, "every_seconds", "whole seconds, 1 to"),
        ({"time_zone": "Europe/Berln"}, "time_zone", "such as UTC or Europe/Berlin"),
        ({"kind": "tests.unheard"}, "kind", "No handler is registered"),
        ({"payload": '{"odd": 1}'}, "payload", "'odd' is no field"),
        ({"payload": "[" * 5000}, "payload", "Nested deeper"),
        ({"payload": "{"}, "payload", "is not JSON"),
        ({"payload": "[]"}, "payload", "allowed: an object"),
        ({"options": "[]"}, "options", "by name"),
        ({"options": '{"priority": -1}'}, "options", "priority is -1; allowed"),
        ({"options": '{"delay": 1}'}, "options", "delay is not allowed here"),
        ({"limit": "0"}, "limit", "1 to 2147483647"),
        ({"jitter_seconds": "9999999"}, "jitter_seconds", "0 to 604800"),
        ({"ends_at_0": "2031-03-28", "ends_at_1": "00:00"}, "ends_at", "a later moment"),
        ({"starts_at_0": "9999-12-31"}, "starts_at", "1970 to 2999"),
        ({"overlap": "maybe"}, "overlap", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(admin_client, change, field, says):
    response = admin_client.post(f"{LIST}add/", {**FORM, **change})
    assert response.status_code == 200
    found = response.context["adminform"].form.errors
    assert list(found) == [field]
    assert says in str(found[field][0])
    assert not Schedule.objects.exists()


def test_a_name_that_is_taken_is_refused(admin_client):
    upsert("nightly", Act(what="return"), every=60)
    response = admin_client.post(f"{LIST}add/", FORM)
    assert "already exists" in str(response.context["adminform"].form.errors["name"])
    assert Schedule.objects.get().every_seconds == 60


def act(client, action, *names):
    ids = Schedule.objects.filter(name__in=names).values_list("pk", flat=True)
    data = {"action": action, "_selected_action": list(ids), "post": "yes"}
    response = client.post(LIST, data, follow=True)
    return [str(message) for message in response.context["messages"]]


def test_actions_switch_run_and_remove(admin_client):
    upsert("one", Act(what="return"), every=5400)
    upsert("two", Act(what="return"), every=60)
    assert act(admin_client, "disable_schedules", "one", "two") == ["disabled: 2 schedules."]
    assert not Schedule.objects.filter(is_enabled=True).exists()
    assert act(admin_client, "enable_schedules", "one") == ["enabled: 1 schedules."]
    Schedule.objects.filter(name="two").update(kind="tests.unheard")
    said = act(admin_client, "run_schedules", "one", "two")
    assert said[0].startswith("two: kind: No handler is registered")
    assert said[1] == "run: 1 schedules."
    assert Job.objects.count() == 1
    assert "every 1 h 30 min" in admin_client.get(LIST).content.decode()
    act(admin_client, "delete_selected", "one", "two")
    assert not Schedule.objects.exists()
    assert AuditEntry.objects.filter(verb="remove-schedule", actor="admin").count() == 2


def test_a_schedule_that_cannot_be_read_has_a_page_that_says_so(admin_client):
    schedule = upsert("odd", Act(what="return"), cron="* * * * *")
    Schedule.objects.update(cron="soon", time_zone="Mars")
    assert "has 1 fields" in admin_client.get(page_of(schedule)).content.decode()


def test_who_may_look_may_not_change(client, django_user_model):
    schedule = upsert("seen", Act(what="return"), every=60)
    user = django_user_model.objects.create_user("staff", is_staff=True)
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_schedule"))
    assert "seen" in client.get(page_of(schedule)).content.decode()
    assert client.post(page_of(schedule), FORM).status_code == 403
    assert client.post(f"{LIST}add/", FORM).status_code == 403
    assert client.post(f"{LIST}{schedule.pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, "run_schedules", "seen")
    assert not Job.objects.exists()
    assert Schedule.objects.get().every_seconds == 60
