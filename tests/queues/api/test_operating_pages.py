"""The pages of the browsable API that operators look at."""

from __future__ import annotations

import pytest

from queues import bulk, leases, limits
from queues.enqueue import enqueue
from queues.states import State
from queues.testing import run_job
from tests.jobs import QUEUE, Act
from tests.operating import OURS, jobs_in
from tests.queues.api.callers import operator

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "stats", "queues", f"queues/{QUEUE}", "operations", "operations/{operation}", "workers",
    "limits", "metrics?minutes=3", "failures",
]  # fmt: skip
FORMS = [
    "cleanup", f"queues/{QUEUE}/pause", f"queues/{QUEUE}/resume", f"queues/{QUEUE}/drain",
    "jobs/actions", "operations/{operation}/stop", "operations/{operation}/undo", "limits/remove",
    "limits/close", "limits/open", "failures/{fingerprint}/retry",
]  # fmt: skip


@pytest.fixture
def there():
    """Something of everything; what the addresses need of it."""
    jobs_in(State.WAITING, State.ACTIVE)
    leases.register("two", {QUEUE: 1}, version="1")
    for number in range(30):
        limits.set_limit(f"k{number}", concurrency=1)
    failed = run_job(enqueue(Act(what="raise", text="no"), attempts=1))
    operation = bulk.begin("cancel", OURS)
    return {"operation": operation.pk, "fingerprint": failed.fingerprint}


@pytest.mark.parametrize("path", PAGES)
def test_each_can_be_looked_at(path, there):
    path = "/api/queue/" + path.format(**there)
    page = operator().get(path, headers={"accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert operator().get(path).json()["success"] is True


@pytest.mark.parametrize("path", FORMS)
def test_each_verb_has_a_page_with_its_form(path, there):
    path = "/api/queue/" + path.format(**there)
    page = operator().get(path, headers={"accept": "text/html"})
    assert page.status_code == 405
    assert 'name="reason"' in page.content.decode()


@pytest.mark.parametrize("path", ["operations", "workers", "limits", "failures"])
@pytest.mark.parametrize(
    "query", ["pageSize=0", "pageSize=101", "pageSize=x", "cursor=x", "ordering=state"]
)
def test_a_list_refuses_what_it_cannot_do(path, query, there):
    response = operator().get(f"/api/queue/{path}?{query}")
    assert response.status_code == 400
    assert [one["field"] for one in response.json()["errors"]] == [query.partition("=")[0]]
