from __future__ import annotations

import pytest

from queues import leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Job, QueueControl
from queues.stats import queue_counts
from tests.jobs import QUEUE, Act
from tests.pages import said

pytestmark = pytest.mark.django_db(transaction=True)
INDEX = "/admin/"


def verb(client, job, name, value="", **options):
    url = f"/admin/queues/job/{job.pk}/verb/"
    return client.post(url, {"verb": name, "value": value}, follow=True, **options)


@pytest.mark.parametrize(
    ("state", "name", "value", "after"),
    [
        ("waiting", "cancel", "", {"state": "cancelled"}),
        ("delayed", "promote", "", {"state": "waiting"}),
        ("failed", "retry", "", {"state": "waiting", "attempt": 0}),
        ("failed", "retry-once", "", {"state": "waiting", "attempt": 3}),
        ("waiting", "priority", "7", {"priority": 7}),
        ("waiting", "payload", '{"what": "raise"}', {"payload": {"what": "raise", "text": ""}}),
    ],
)
def test_a_verb_does_what_it_says(admin_client, state, name, value, after):
    job = enqueue(Act(what="return"))
    Job.objects.filter(pk=job.pk).update(state=state, attempt=3)
    response = verb(admin_client, job, name, value)
    assert said(response)[0].startswith(f"Job {job.pk} ")
    assert Job.objects.filter(pk=job.pk, **after).exists()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("retry", "", "is waiting; allowed: completed, failed, cancelled"),
        ("promote", "", "is waiting; allowed: delayed"),
        ("priority", "much", "priority is 'much'"),
        ("priority", "9999999", "allowed: a whole number, 0 to 2097151"),
        ("payload", "[]", "allowed: an object"),
        ("payload", '{"odd": 1}', "'odd' is no field"),
        ("payload", '{"what": "\\u0000"}', "NUL"),
        ("explode", "", "verb is 'explode'; allowed: retry"),
    ],
)
def test_what_does_not_fit_is_said_and_changes_nothing(admin_client, name, value, says):
    job = enqueue(Act(what="return"))
    before = Job.objects.filter(pk=job.pk).values().get()
    assert says in said(verb(admin_client, job, name, value))[0]
    assert Job.objects.filter(pk=job.pk).values().get() == before


def test_a_removed_job_is_gone_and_the_list_is_shown(admin_client):
    job = enqueue(Act(what="return"))
    response = verb(admin_client, job, "remove")
    assert response.redirect_chain[-1][0] == "/admin/queues/job/"
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", ["cancel", "remove"])
def test_verbs_need_the_permission_and_a_post(client, django_user_model, name):
    job = enqueue(Act(what="return"))
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    assert verb(client, job, name).status_code == 403
    assert client.get(f"/admin/queues/job/{job.pk}/verb/").status_code in {403, 405}
    assert Job.objects.get().state == "waiting"


def test_verbs_of_a_list_go_as_far_as_they_can(admin_client):
    jobs = [enqueue(Act(what="return")) for _ in range(3)]
    Job.objects.filter(pk=jobs[0].pk).update(state="completed")
    data = {"action": "cancel_jobs", "_selected_action": [job.pk for job in jobs]}
    response = admin_client.post("/admin/queues/job/", data, follow=True)
    assert sorted(said(response)) == [
        f"Job {jobs[0].pk} is completed; allowed: waiting, delayed, waiting-children, active.",
        "cancel: 2 jobs.",
    ]


def test_the_page_of_a_job_says_why_it_does_not_run(admin_client):
    job = enqueue(Act(what="return"))
    page = admin_client.get(f"/admin/queues/job/{job.pk}/change/").content.decode()
    assert f"Waiting: no live worker listens on {QUEUE}." in page


@pytest.mark.parametrize(
    ("name", "value", "column"), [("cap", "3", "cap"), ("slots", "5", "slots")]
)
def test_a_queue_is_sized_from_the_index(admin_client, name, value, column):
    url = f"/admin/queues/queuecontrol/{QUEUE}/verb/"
    admin_client.post(url, {"verb": name, "value": value})
    assert getattr(QueueControl.objects.get(), column) == int(value)
    admin_client.post(url, {"verb": name, "value": ""})
    assert getattr(QueueControl.objects.get(), column) is None


def test_a_queue_is_paused_and_resumed_from_the_index(admin_client):
    url = f"/admin/queues/queuecontrol/{QUEUE}/verb/"
    assert "Paused since" in admin_client.post(url, {"verb": "pause"}, follow=True).content.decode()
    assert QueueControl.objects.get().paused_at is not None
    admin_client.post(url, {"verb": "resume"})
    assert QueueControl.objects.get().paused_at is None


@pytest.mark.parametrize(
    ("queue", "data", "says"),
    [
        ("letters", {"verb": "pause"}, "queue is 'letters'"),
        (QUEUE, {"verb": "cap", "value": "0"}, "cap is 0"),
        (QUEUE, {"verb": "slots", "value": "x"}, "slots is 'x'"),
        (QUEUE, {"verb": "burn"}, "verb is 'burn'"),
    ],
)
def test_a_wrong_word_to_a_queue_is_said(admin_client, queue, data, says):
    response = admin_client.post(f"/admin/queues/queuecontrol/{queue}/verb/", data, follow=True)
    assert says in said(response)[0]
    assert not QueueControl.objects.exists()


def test_the_index_and_the_tables_agree(admin_client):
    for delay in (0, 0, 60):
        enqueue(Act(what="return"), delay=delay)
    cards = admin_client.get(INDEX).context["queue_cards"]
    shown = {card["name"]: {row["state"]: row["count"] for row in card["rows"]} for card in cards}
    assert shown == {one.conf.name: one.counts for one in queue_counts()}
    assert shown[QUEUE]["waiting"] == 2


def test_the_workers_page_shows_what_each_worker_is_and_runs(admin_client):
    job = enqueue(Act(what="return"))
    worker_id = leases.register("anna", {QUEUE: 4}, version="v7")
    claim_ids(worker_id, [job.pk], [QUEUE])
    page = admin_client.get("/admin/queues/worker/").content.decode()
    for text in ("anna", "v7", f"{QUEUE} 4", f'/admin/queues/job/{job.pk}/change/">{job.pk} '):
        assert text in page
