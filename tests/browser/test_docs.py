"""Swagger UI, in a real browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from queues.models import Job


def test_the_documentation_is_read_and_tried_out(page, live_server, transactional_db, complaints):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}/api/docs")
    operation = page.locator("#operations-Test-postTestSimple, #operations-Queue-postTestSimple")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill('{"data": "from the documentation"}')
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response-col_status").last
    assert answer.inner_text().startswith("200")
    assert Job.objects.get().payload["testMessage"] == "from the documentation"
    assert complaints == []
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(live_server.url).netloc}
