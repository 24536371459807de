"""No request moves a user's jobs before those of others that wait already."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from queues import leases
from queues.api.throttles import purses
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.maintenance import promote
from queues.models import Job
from tests.jobs import Mine

pytestmark = pytest.mark.django_db(transaction=True)
JOBS = "/api/queue/jobs"
PAST = "1970-01-01T00:00:00Z"


@pytest.fixture
def user():
    return User.objects.create_user("mallory")


@pytest.fixture
def client(user):
    purses.clear()
    found = APIClient()
    found.force_authenticate(user)
    return found


def job(user, **options):
    payload = {"userId": str(user.pk), "type": "info", "message": "x"}
    return {"kind": "notification", "payload": payload, "options": options}


def many(client, jobs):
    response = client.post(f"{JOBS}/bulk", {"jobs": jobs}, format="json")
    assert response.status_code == 201
    return response.json()["data"]["ids"]


def waits(owner, **options):
    """Let a job of somebody else wait among them."""
    return enqueue(Mine(path="x", user=owner), queue="notifications", **options)


def before(other):
    """Return how many jobs are served before somebody's first one."""
    waiting = Job.objects.filter(state="waiting", queue="notifications")
    owners = [*waiting.order_by("priority", "turn_at", "id").values_list("owner", flat=True)]
    return owners.index(other)


def test_jobs_that_were_due_long_ago_do_not_go_first(client, user):
    waits("ada")
    many(client, [job(user, runAt=PAST)] * 20)
    promote.run_once()
    assert before("ada") == 0
    waits("bea")
    assert before("bea") <= 2


def test_nor_do_those_that_replace_one_which_was_made_before(client, user):
    key = {"id": "x", "mode": "debounce", "ttl": 1000}
    made = client.post(JOBS, job(user, delay=60_000, deduplication=key), format="json")
    assert made.status_code == 201
    other = waits("ada")
    again = client.post(JOBS, job(user, runAt=PAST, deduplication=key), format="json")
    assert again.json()["data"]["answer"] == "replaced"
    promote.run_once()
    mine = Job.objects.get(owner=str(user.pk), state="waiting")
    assert mine.turn_at >= other.turn_at


def test_a_changed_priority_takes_a_turn_anew(client, user):
    """Of each priority, the first job has the best place."""
    ids = many(client, [job(user, priority=1 + number) for number in range(10)])
    waits("ada")
    waits("ada")
    for number in ids:
        assert client.patch(f"{JOBS}/{number}", {"priority": 0}, format="json").status_code == 200
    mine = Job.objects.filter(owner=str(user.pk), state="waiting").order_by("turn_at")
    places = [*mine.values_list("turn_at", flat=True)]
    assert all((b - a).total_seconds() >= 1 for a, b in pairwise(places))


@pytest.mark.parametrize("how", ["priority", "retry", "promote"])
def test_no_hint_lets_a_job_begin_that_waits_behind_others_of_its_owner(client, user, how):
    number = many(client, [job(user, **({"delay": 60_000} if how == "promote" else {}))])[0]
    if how == "retry":
        client.post(f"{JOBS}/{number}/cancel")
    many(client, [job(user)] * 3)
    if how == "priority":
        many(client, [job(user, priority=3)] * 3)
        response = client.patch(f"{JOBS}/{number}", {"priority": 3}, format="json")
    else:
        response = client.post(f"{JOBS}/{number}/{how}")
    assert response.status_code == 200
    worker_id = leases.register("one", {"notifications": 8}, version="1")
    other = waits("ada").pk
    claimed = claim_ids(worker_id, [number, other], ["notifications"])
    assert [claim.id for claim in claimed] == [other]
