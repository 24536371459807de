"""The admin and the browsable API, in a real browser."""

from __future__ import annotations

import json

import pytest

from queues import leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Job, Operation
from queues.trouble import Trouble
from tests import settling
from tests.jobs import QUEUE, Act


@pytest.fixture
def failed_job(transactional_db):
    job = enqueue(Act(what="raise"), attempts=1)
    worker_id = leases.register("one", {QUEUE: 1}, version="1")
    (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
    settling.fail_attempt(claim, Trouble.of(error_class="ValueError", message="no luck"))
    return job


def test_an_operator_walks_from_the_index_to_a_failed_job(signed_in, failed_job, complaints):
    page = signed_in
    page.reload()
    card = page.locator(f"table[data-queue={QUEUE}]")
    assert card.locator("td[data-state=failed]").inner_text() == "1"
    card.get_by_role("link", name="failed").click()
    page.wait_for_url("**/admin/queues/job/?**")
    page.get_by_role("link", name=str(failed_job.pk), exact=True).first.click()
    page.wait_for_url(f"**/admin/queues/job/{failed_job.pk}/change/**")
    assert "no luck" in page.content()
    assert complaints == []


def test_a_visitor_queues_a_test_job_in_the_browsable_api(page, live_server, complaints):
    page.goto(f"{live_server.url}/api/queue/test-simple")
    page.get_by_role("link", name="HTML form").click()
    page.fill("input[name=data]", "from a browser")
    page.fill("input[name=delay]", "60000")
    page.locator("#post-object-form button", has_text="POST").click()
    page.wait_for_selector("text=Test job added to queue successfully")
    job = Job.objects.get()
    assert (job.payload["testMessage"], job.state) == ("from a browser", "delayed")
    # The page answers a GET with 405 by design; that is all that the console may say.
    assert [line for line in complaints if "405" not in line] == []


def test_the_browsable_api_shows_a_wrong_field(page, live_server):
    page.goto(f"{live_server.url}/api/queue/test-simple")
    page.get_by_role("link", name="Raw data").click()
    page.fill("textarea[name=_content]", json.dumps({"delay": -1}))
    page.locator("#post-generic-content-form button", has_text="POST").click()
    page.wait_for_selector("text=400 Bad Request")
    assert "delay" in page.locator(".response-info").inner_text()
    assert not Job.objects.exists()


def test_an_operator_pauses_a_queue_and_cancels_a_job(signed_in, live_server, complaints):
    page, job = signed_in, enqueue(Act(what="return"))
    page.goto(f"{live_server.url}/admin/")
    page.locator("button[value=pause]").first.click()
    page.wait_for_selector(f"p[data-control={QUEUE}] >> text=Paused since")
    page.goto(f"{live_server.url}/admin/queues/job/{job.pk}/change/")
    assert "is paused since" in page.locator("[data-explanation]").inner_text()
    page.locator("button[value=cancel]").click()
    page.wait_for_selector(f"text=Job {job.pk} is cancelled.")
    assert Job.objects.get().state == "cancelled"
    assert complaints == []


def test_an_operator_removes_all_failed_jobs(signed_in, failed_job, complaints):
    page = signed_in
    page.reload()
    page.locator(f"table[data-queue={QUEUE}]").get_by_role("link", name="failed").click()
    page.get_by_role("link", name="A verb for many jobs").click()
    page.wait_for_url(f"**/operation/new/?queue={QUEUE}&state=failed")
    page.select_option("select[name=verb]", "remove")
    page.get_by_role("button", name="Look first").click()
    assert "remove: 1 jobs are found" in page.locator("[data-preview]").inner_text()
    page.fill("input[name=confirm]", "remove")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("text=has begun: remove of 1 jobs")
    operation = Operation.objects.get()
    assert operation.filter == {"queue": QUEUE, "state": "failed"}
    assert Job.objects.filter(pk=operation.job_id, state="waiting").exists()
    assert complaints == []
