"""Who did what: an entry for each verb, through whichever door, and none for what was refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from queues import audit, control, leases, queue_control
from queues.audit import Door, acting_as
from queues.control import ControlError
from queues.enqueue import enqueue, enqueue_many
from queues.maintenance import auditing, promote, prune, rescue
from queues.models import AuditEntry, Job
from queues.rate import Rate
from queues.testing import run_job
from tests.jobs import QUEUE, Act
from tests.rows import let_leases_run_out

pytestmark = pytest.mark.django_db
ACT = Act(what="return")
JOB_VERBS = {
    "cancel": ("waiting", control.cancel),
    "retry": ("failed", control.retry),
    "retry-once": ("failed", lambda id_: control.retry(id_, reset=False)),
    "promote": ("delayed", control.promote),
    "priority": ("waiting", lambda id_: control.change_priority(id_, 5)),
    "delay": ("delayed", lambda id_: control.change_delay(id_, 5)),
    "payload": ("waiting", lambda id_: control.change_payload(id_, {"what": "raise"})),
    "remove": ("waiting", control.remove),
}
QUEUE_VERBS = {
    "pause": lambda: queue_control.pause(QUEUE),
    "resume": lambda: queue_control.resume(QUEUE),
    "cap": lambda: queue_control.set_cap(QUEUE, 3),
    "slots": lambda: queue_control.set_slots(QUEUE, 3),
    "rate": lambda: queue_control.set_rate(QUEUE, Rate(count=3, per=60)),
    "fair": lambda: queue_control.set_fair(QUEUE, True),
    "first-come": lambda: queue_control.set_fair(QUEUE, False),
    "drain": lambda: queue_control.drain(QUEUE),
    "clean": lambda: queue_control.clean(QUEUE, "waiting"),
}
AFTER = {
    "cancel": {"state": "cancelled"},
    "retry": {"state": "waiting", "attempt": 0},
    "retry-once": {"state": "waiting", "attempt": 2},
    "promote": {"state": "waiting"},
    "priority": {"priority": 5},
    "payload": {"payload": {"what": "raise", "text": ""}},
}


def job_in(state):
    job = enqueue(ACT)
    Job.objects.filter(pk=job.pk).update(state=state, attempt=2)
    return job


@pytest.mark.parametrize("verb", JOB_VERBS)
def test_a_verb_of_a_job_says_who_did_it_and_what_the_job_was_like(verb):
    state, act = JOB_VERBS[verb]
    job = job_in(state)
    with acting_as("ann", Door.CLI, "it was stuck"):
        act(job.pk)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.reason) == ("ann", "CLI", "it was stuck")
    assert (entry.verb, entry.target, entry.count) == (verb, {"job": job.pk}, 1)
    assert (entry.before["state"], entry.before["kind"]) == (state, "tests.act")
    after = {name: entry.after[name] for name in AFTER.get(verb, {})}
    assert after == AFTER.get(verb, {})
    assert (entry.after is None) == (verb == "remove")


@pytest.mark.parametrize("verb", QUEUE_VERBS)
def test_a_verb_of_a_queue_is_the_codes_where_nobody_acts(verb):
    enqueue_many([ACT] * 2)
    QUEUE_VERBS[verb]()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.verb) == ("", "code", verb)
    assert entry.target["queue"] == QUEUE
    assert entry.count == (2 if verb in {"drain", "clean"} else 1)


def test_what_was_set_for_a_queue_is_there_before_and_after():
    queue_control.set_cap(QUEUE, 3)
    queue_control.set_cap(QUEUE, None)
    first, second = AuditEntry.objects.order_by("id")
    assert (first.before["cap"], first.after["cap"]) == (None, 3)
    assert (second.before["cap"], second.after["cap"]) == (3, None)


def test_a_drain_in_steps_leaves_an_entry_for_each(monkeypatch):
    monkeypatch.setattr(queue_control, "CHUNK", 2)
    enqueue_many([ACT] * 3)
    queue_control.drain(QUEUE)
    assert sorted(AuditEntry.objects.values_list("count", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    "act",
    [
        lambda: control.cancel(job_in("completed").pk),
        lambda: control.promote(job_in("waiting").pk),
        lambda: control.remove(987_654_321),
        lambda: control.change_priority(job_in("waiting").pk, -1),
        lambda: control.change_payload(job_in("waiting").pk, {"odd": 1}),
        lambda: queue_control.pause("letters"),
    ],
)
def test_what_was_refused_is_not_recorded(act):
    with pytest.raises(ControlError):
        act()
    assert not AuditEntry.objects.exists()


def test_what_was_rolled_back_is_not_recorded():
    job = job_in("waiting")
    with transaction.atomic():
        control.cancel(job.pk)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_an_entry_costs_one_statement():
    job = job_in("waiting")
    with CaptureQueriesContext(connection) as queries:
        control.cancel(job.pk)
    assert sum("queues_auditentry" in query["sql"] for query in queries) == 1


def test_what_the_engine_does_by_itself_is_nobodys_verb():
    run_job(enqueue(ACT))
    delayed = enqueue(ACT, delay=60)
    Job.objects.filter(pk=delayed.pk).update(run_at=Now() - timedelta(seconds=1))
    leases.register("dead", {QUEUE: 1}, version="")
    let_leases_run_out()
    for duty in (promote.run_once, rescue.run_once, prune.run_once):
        duty()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE queues_auditentry SET actor = 'bob'", "DELETE FROM queues_auditentry"]
)
def test_nobody_changes_what_was_written_not_even_in_sql(statement):
    control.cancel(job_in("waiting").pk)
    with (
        pytest.raises(DatabaseError, match="The audit is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor == ""


def entry_of(days):
    return AuditEntry.objects.create(verb="cancel", at=timezone.now() - timedelta(days=days))


def test_entries_are_let_go_when_they_are_old(settings):
    settings.AUDIT_DAYS = 100
    young, _ = entry_of(99), entry_of(101)
    assert auditing.run_once() == 1
    assert AuditEntry.objects.get() == young


def test_nobody_deletes_what_is_young_whatever_the_settings_say(settings):
    settings.AUDIT_DAYS = 1
    entry_of(29)
    with pytest.raises(DatabaseError, match="The audit is append-only"), transaction.atomic():
        auditing.run_once()
    assert AuditEntry.objects.exists()


def test_texts_that_postgres_does_not_store_are_scrubbed_and_cut():
    with acting_as("a" * 300, Door.API, "why\x00\ud800" + "y" * 2000):
        control.cancel(job_in("waiting").pk)
    entry = AuditEntry.objects.get()
    assert len(entry.actor) == 200
    assert (entry.reason[:5], len(entry.reason)) == ("why\ufffd?", 1000)
    assert audit.current() == audit.CODE


@pytest.mark.parametrize("verb", ["cancel", "remove"])
def test_a_verb_on_the_page_of_a_job_is_the_users_with_their_reason(admin_client, verb):
    job = job_in("waiting")
    url = f"/admin/queues/job/{job.pk}/verb/"
    admin_client.post(url, {"verb": verb, "value": "", "reason": "asked for\x00"})
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.verb) == ("admin", "admin", verb)
    assert entry.reason == "asked for\ufffd"


def test_an_action_of_the_list_leaves_an_entry_for_each_job_that_moved(admin_client):
    done, one, other = job_in("completed"), job_in("waiting"), job_in("waiting")
    data = {"action": "cancel_jobs", "_selected_action": [done.pk, one.pk, other.pk]}
    admin_client.post("/admin/queues/job/", data)
    entries = AuditEntry.objects.order_by("target")
    assert [(e.actor, e.target["job"]) for e in entries] == [("admin", one.pk), ("admin", other.pk)]


def test_a_form_of_a_queue_is_the_users(admin_client):
    url = f"/admin/queues/queuecontrol/{QUEUE}/verb/"
    admin_client.post(url, {"verb": "cap", "value": "3"})
    admin_client.post(url, {"verb": "cap", "value": "none"})
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.door, entry.verb) == ("admin", "admin", "cap")


def test_the_page_of_the_audit_is_searched_and_not_changed(admin_client):
    with acting_as("ann", Door.CODE):
        control.cancel(job_in("waiting").pk)
    queue_control.pause(QUEUE)
    entry = AuditEntry.objects.get(actor="ann")
    page = admin_client.get("/admin/queues/auditentry/?q=ann").context["cl"]
    assert list(page.result_list) == [entry]
    url = f"/admin/queues/auditentry/{entry.pk}"
    assert admin_client.get(f"{url}/change/").status_code == 200
    assert admin_client.post(f"{url}/change/", {"actor": "bob"}).status_code == 403
    assert admin_client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/queues/auditentry/add/").status_code == 403
