from __future__ import annotations

import pytest
from django.urls import reverse

from queues import leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Job
from queues.trouble import Trouble
from tests import settling
from tests.jobs import QUEUE, Act

pytestmark = pytest.mark.django_db
LIST = "/admin/queues/job/"


@pytest.fixture
def failed_job():
    job = enqueue(Act(what="raise", text="<b>no luck</b>"), attempts=1)
    worker_id = leases.register("one", {QUEUE: 1}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    trouble = Trouble.of(error_class="ValueError", message="<b>no luck</b>", traceback="tb")
    settling.fail_attempt(claim, trouble)
    return job


def test_the_list_shows_a_jobs_state_tries_and_error(admin_client, failed_job):
    page = admin_client.get(LIST).content.decode()
    assert "1 of 1" in page
    assert "&lt;b&gt;no luck&lt;/b&gt;" in page
    assert "<b>no luck</b>" not in page


def test_a_job_shows_its_attempts(admin_client, failed_job):
    page = admin_client.get(f"{LIST}{failed_job.pk}/change/").content.decode()
    assert "ValueError" in page
    assert "one" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("state__exact=failed", 1), ("state__exact=waiting", 0), ("q=luck", 1), ("q=nothing", 0),
     (f"queue__exact={QUEUE}", 1), ("kind__exact=tests.act", 1)],
)  # fmt: skip
def test_the_filters_find_what_they_say(admin_client, failed_job, query, found):
    response = admin_client.get(f"{LIST}?{query}")
    assert len(response.context["cl"].result_list) == found


@pytest.mark.parametrize(("rows", "says_more"), [(2, False), (3, True), (5, True)])
def test_a_long_list_is_counted_so_far_and_says_so(admin_client, monkeypatch, rows, says_more):
    monkeypatch.setattr("queues.admin.listing.MOST_COUNTED", 3)
    for _ in range(rows):
        enqueue(Act(what="return"))
    response = admin_client.get(LIST)
    assert response.context["cl"].paginator.count == min(rows, 3)
    assert ("there are more: filter" in response.content.decode()) == says_more


def test_the_list_asks_for_no_column_of_the_whole_table(
    admin_client, failed_job, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8) as queries:
        admin_client.get(LIST)
    assert not [one["sql"] for one in queries if "DISTINCT" in one["sql"]]


def test_nothing_can_be_changed(admin_client, failed_job):
    change = reverse("admin:queues_job_change", args=[failed_job.pk])
    assert admin_client.post(change, {"state": "waiting"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    delete = reverse("admin:queues_job_delete", args=[failed_job.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert Job.objects.get(pk=failed_job.pk).state == "failed"


def test_the_index_counts_each_queue_by_state(admin_client, failed_job):
    enqueue(Act(what="return"), delay=60)
    cards = admin_client.get("/admin/").context["queue_cards"]
    counts = {card["name"]: {row["state"]: row["count"] for row in card["rows"]} for card in cards}
    assert list(counts) == ["content-aggregation", "notifications", "user-actions"]
    assert counts[QUEUE] == {
        "waiting": 0, "delayed": 1, "waiting-children": 0, "active": 0, "completed": 0,
        "failed": 1, "cancelled": 0,
    }  # fmt: skip


def test_staff_who_may_not_see_jobs_see_no_counts(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    response = client.get("/admin/")
    assert response.status_code == 200
    assert "queue_cards" not in response.context
    assert client.get(LIST).status_code == 403


def test_the_list_asks_the_database_a_fixed_number_of_times(
    admin_client, django_assert_max_num_queries
):
    for _ in range(30):
        enqueue(Act(what="return"))
    with django_assert_max_num_queries(14):
        admin_client.get(LIST)
