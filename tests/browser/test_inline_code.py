"""No page needs inline code: the policy of the pages blocks it, and then nothing happens."""

from __future__ import annotations

import pytest
from django.conf import settings

from queues.enqueue import enqueue
from tests.jobs import Act

PAGES = [
    "/api/",
    "/api/docs",
    "/api/queue/stats",
    "/api/queue/jobs",
    "/api/queue/test-simple",
    "/api/queue/queues/notifications",
    "/api/notifications",
    "/api/auth/token",
    "/api-auth/login/",
    "/api/nowhere",
]
# Handlers in attributes, addresses that are code, and scripts without an address of their own.
INLINE = """() => {
  const found = [];
  for (const one of document.querySelectorAll("*")) {
    for (const attribute of one.attributes) {
      const isHandler = attribute.name.startsWith("on");
      const isCode = /^\\s*javascript:/i.test(attribute.value);
      if (isHandler || isCode) found.push(`${one.tagName} ${attribute.name}=${attribute.value}`);
    }
  }
  for (const one of document.querySelectorAll("script:not([src])"))
    if (!["application/json"].includes(one.type)) found.push(`SCRIPT ${one.text.slice(0, 80)}`);
  return found;
}"""


@pytest.fixture
def signed_in_by_cookie(page, live_server, operator, client):
    client.force_login(operator)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    return page


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_code_of_its_own(signed_in_by_cookie, live_server, complaints, path):
    page = signed_in_by_cookie
    page.goto(f"{live_server.url}{path}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(INLINE) == []
    assert [line for line in complaints if "Content Security Policy" in line] == []


def test_the_page_of_a_job_has_no_code_of_its_own(signed_in_by_cookie, live_server):
    page, job = signed_in_by_cookie, enqueue(Act(what="return"))
    page.goto(f"{live_server.url}/api/queue/jobs/{job.pk}")
    assert page.evaluate(INLINE) == []


def test_who_logs_out_is_signed_out(signed_in_by_cookie, live_server):
    page = signed_in_by_cookie
    page.goto(f"{live_server.url}/api/queue/stats")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/api/")
    assert page.get_by_role("link", name="Log in").is_visible()
    page.goto(f"{live_server.url}/api/queue/stats")
    assert page.locator(".response-info b").first.inner_text().startswith("HTTP 401")
