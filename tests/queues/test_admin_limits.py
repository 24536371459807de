"""The page of keys in use: what it shows, and what may be done there."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from queues import leases, limits, queue_control
from queues.enqueue import enqueue_many
from queues.models import AuditEntry, Limit, LimitKey, QueueControl
from queues.rate import Rate
from queues.turns import Turns
from tests.jobs import QUEUE, Act
from tests.pages import said

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/queues/limit/keys/"


def send(client, verb, **values):
    return client.post(PAGE, {"verb": verb, **values}, follow=True)


def test_keys_holders_and_waiting_jobs_are_shown(admin_client):
    limits.set_limit("host:*", concurrency=1, rate=Rate(count=300, per=300))
    ids = enqueue_many([(Act(what="return"), {"limit_key": "host:<b>"})] * 3)
    Turns().claim(leases.register("one", {QUEUE: 8}, version="1"), {QUEUE: 8})
    page = admin_client.get(PAGE).content.decode()
    assert 'data-key="host:&lt;b&gt;"' in page
    assert f"/admin/queues/job/{ids[0]}/change/" in page
    assert f"/admin/queues/job/{ids[1]}/change/" not in page
    assert "1 at once" in page
    assert f'href="{PAGE}"' in admin_client.get("/admin/queues/limit/").content.decode()


def test_limits_are_set_and_removed_and_keys_closed_and_opened(admin_client, admin_user):
    send(admin_client, "set", key="x", concurrency="2", rate="5/60", reason="too eager")
    limit = Limit.objects.get()
    assert (limit.key, limit.concurrency, limit.rate, limit.per_seconds) == ("x", 2, 5, 60)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door) == (admin_user.get_username(), "admin")
    assert entry.reason == "too eager"
    send(admin_client, "close", key="x", seconds="60")
    assert LimitKey.objects.filter(key="x", closed_until__isnull=False).exists()
    assert said(send(admin_client, "open", key="x")) == ["x: open is done."]
    send(admin_client, "remove", key="x")
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    ("verb", "values", "says"),
    [
        ("set", {"key": "x"}, "concurrency and rate are both None"),
        ("set", {"key": "x", "rate": "many"}, "such as 300/60"),
        ("set", {"key": "x", "concurrency": "0"}, "concurrency is 0"),
        ("set", {"key": "x", "concurrency": "99999999999999999999"}, "concurrency is 9999"),
        ("remove", {"key": "x"}, "no limit 'x'"),
        ("close", {"key": "x"}, "seconds is 0"),
        ("close", {"key": "x", "seconds": "nan"}, "Enter a number"),
        ("open", {"key": "x"}, "is not closed"),
        ("close", {"key": "host:*", "seconds": "5"}, "one key, without a *"),
        ("open", {"key": "host:*"}, "one key, without a *"),
        ("set", {"key": "a\x1bb", "concurrency": "1"}, "printable text"),
        ("explode", {"key": "x"}, "verb is 'explode'"),
        ("set", {"key": "", "concurrency": "1"}, "required"),
        ("set", {"key": "a\x00b", "concurrency": "1"}, "Null characters are not allowed"),
        ("set", {"key": "x" * 201, "concurrency": "1"}, "at most 200"),
    ],
)
def test_what_cannot_be_is_said_in_words(admin_client, verb, values, says):
    response = send(admin_client, verb, **values)
    assert response.status_code == 200
    assert says in " ".join([*said(response), *map(str, response.context["form"].errors.values())])
    assert not Limit.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_may_only_look_changes_nothing(client, django_user_model):
    user = django_user_model.objects.create_user("looker", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_limit"))
    assert client.get(PAGE).status_code == 200
    assert send(client, "set", key="x", concurrency="1").status_code == 403
    assert not Limit.objects.exists()


def test_a_queue_gets_a_rate_and_fair_turns_on_the_index(admin_client):
    url = f"/admin/queues/queuecontrol/{QUEUE}/verb/"
    admin_client.post(url, {"verb": "rate", "value": "5/60"})
    admin_client.post(url, {"verb": "fair"})
    control = QueueControl.objects.get(name=QUEUE)
    assert (control.rate, control.per_seconds, control.is_fair) == (5, 60, True)
    page = admin_client.get("/admin/").content.decode()
    assert "Keys take turns." in page
    admin_client.post(url, {"verb": "first-come"})
    admin_client.post(url, {"verb": "rate", "value": ""})
    queue_control.QueueControl.objects.get(name=QUEUE, rate=None, is_fair=False)


@pytest.mark.parametrize(
    "address",
    [
        "/admin/queues/job/?owner__regex=(",
        "/admin/queues/job/?created_at__year=0",
        "/admin/queues/limit/?key__iregex=(",
        "/admin/queues/schedule/?name__regex=(",
    ],
)
def test_a_list_takes_no_expressions(admin_client, address):
    assert admin_client.get(address).status_code in {302, 400}


@pytest.mark.parametrize("chosen", ["x", "\x00", "9" * 400, ""])
@pytest.mark.parametrize(
    ("page", "action"), [("job", "retry_jobs"), ("schedule", "enable"), ("failuregroup", "retry")]
)
def test_an_action_on_what_is_no_row_does_nothing_and_does_not_break(
    admin_client, page, action, chosen
):
    data = {"action": action, "_selected_action": chosen}
    assert admin_client.post(f"/admin/queues/{page}/", data, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state__exact=failed&fingerprint__exact=abc&o=1", "state=failed&fingerprint=abc"),
        ("created_at__gte=2026-01-01T00:00Z", "created_after=2026-01-01T00%3A00Z"),
        ("", ""),
    ],
)
def test_a_verb_for_a_list_is_for_the_jobs_of_that_list(admin_client, query, words):
    page = admin_client.get(f"/admin/queues/job/?{query}").content.decode()
    assert f"/admin/queues/operation/new/?{words}".replace("&", "&amp;") in page


@pytest.mark.parametrize("query", ["q=foo", "state__exact=failed&q=foo", "cause__exact=timeout"])
def test_a_list_that_no_words_say_offers_no_verb_for_all(admin_client, query):
    page = admin_client.get(f"/admin/queues/job/?{query}").content.decode()
    assert "/admin/queues/operation/new/" not in page
    assert "knows no search" in page
