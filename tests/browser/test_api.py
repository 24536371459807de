"""The browsable API by hand: every form is sent as it comes, by somebody who signed in there."""

from __future__ import annotations

import pytest
from django.conf import settings

from queues.enqueue import enqueue
from queues.models import Job
from tests.jobs import Act


@pytest.fixture
def operator_there(page, live_server, operator, client):
    """The page of somebody who has signed in."""
    client.force_login(operator)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    return page


def test_somebody_signs_in_at_the_entry(page, live_server, operator, complaints):
    page.goto(f"{live_server.url}/api/")
    page.get_by_role("link", name="Log in").click()
    page.fill("input[name=username]", "operator")
    page.fill("input[name=password]", "an-operators-secret")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/api/")
    assert "operator" in page.locator(".navbar").inner_text()
    page.get_by_role("link", name="/api/queue/stats").click()
    page.wait_for_url("**/api/queue/stats")
    assert page.locator(".response-info b").first.inner_text().startswith("HTTP 200")
    assert complaints == []


def send(page, method="POST"):
    """Send a page's form as it comes; return the first line of the answer."""
    form = page.get_by_role("link", name="HTML form")
    if form.count():
        form.click()
    page.locator("form button:visible", has_text=method).last.click()
    page.wait_for_load_state()
    return page.locator(".response-info b").first.inner_text()


FORMS = [
    ("queue/test-simple", "HTTP 200"),
    ("queue/test/content-aggregation", "HTTP 200"),
    ("queue/test/notification", "HTTP 200"),
    ("queue/test/user-action", "HTTP 200"),
    ("queue/test/bulk-jobs", "HTTP 200"),
    ("queue/jobs", "HTTP 201"),
    ("queue/jobs/bulk", "HTTP 201"),
    ("queue/jobs/actions", "HTTP 200"),
    ("queue/cleanup", "HTTP 200"),
    ("queue/queues/notifications/pause", "HTTP 200"),
    ("queue/queues/notifications/resume", "HTTP 200"),
    ("queue/queues/notifications/drain", "HTTP 200"),
    ("queue/limits", "HTTP 200"),
    ("queue/schedules", "HTTP 201"),
]


@pytest.mark.parametrize(("address", "status"), FORMS)
def test_a_form_works_as_it_comes(operator_there, live_server, complaints, address, status):
    page = operator_there
    page.goto(f"{live_server.url}/api/{address}")
    assert send(page).startswith(status), page.locator(".response-info").inner_text()
    # Where only POST is allowed, the page itself answers 405: all that the console may say.
    assert [line for line in complaints if "405" not in line] == []


@pytest.mark.parametrize("verb", ["retry", "cancel", "promote"])
def test_a_verb_is_a_button(operator_there, live_server, verb):
    job = enqueue(Act(what="return"), delay=60)
    if verb == "retry":
        Job.objects.filter(pk=job.pk).update(state="failed", finished_at=job.created_at)
    page = operator_there
    page.goto(f"{live_server.url}/api/queue/jobs/{job.pk}")
    page.locator(f"a[href$='/jobs/{job.pk}/{verb}']").first.click()
    assert send(page).startswith("HTTP 200")
    assert Job.objects.get(pk=job.pk).state == ("cancelled" if verb == "cancel" else "waiting")


@pytest.mark.parametrize("address", ["queue/queues/notifications", "queue/jobs/{job}"])
def test_what_a_patch_begins_with_is_taken(operator_there, live_server, address):
    job = enqueue(Act(what="return"), delay=60)
    page = operator_there
    page.goto(f"{live_server.url}/api/{address.format(job=job.pk)}")
    assert send(page, "PATCH").startswith("HTTP 200")


def test_jobs_are_filtered_and_paged_by_hand(operator_there, live_server, complaints):
    for number in range(30):
        enqueue(Act(what="return", text=str(number)), priority=number)
    page = operator_there
    page.goto(f"{live_server.url}/api/queue/jobs?ordering=priority")
    assert page.locator(".response-info").inner_text().count('"id"') == 25
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**cursor=**")
    assert page.locator(".response-info").inner_text().count('"id"') == 5
    page.get_by_role("button", name="Filters").click()
    page.fill("#filtersModal input[name=priority]", "7")
    page.locator("#filtersModal button[type=submit]").click()
    page.wait_for_url("**priority=7**")
    assert page.locator(".response-info").inner_text().count('"id"') == 1
    assert complaints == []
