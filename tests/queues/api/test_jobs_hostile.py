"""Whatever comes in is answered or refused: nothing breaks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.models import Job
from tests.queues.api.owned import client, job_of, people, user

pytestmark = pytest.mark.django_db
URL = "/api/queue/jobs"
TEXT = st.text(max_size=12) | st.sampled_from(["tests.api-owned", "1", "{}", "\x00", "\ud800"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OPTIONS = st.dictionaries(
    st.sampled_from(
        ["delay", "runAt", "priority", "attempts", "backoff", "timeout", "removeOnComplete",
         "removeOnFail", "lifo", "limitKey", "queue", "deduplication", "data"]
    ),
    VALUES,
    max_size=3,
)  # fmt: skip
PAYLOADS = st.fixed_dictionaries({}, optional={"userId": VALUES, "text": VALUES}) | VALUES
JOBS = st.fixed_dictionaries(
    {"kind": st.just("tests.api-owned") | VALUES},
    optional={"payload": PAYLOADS, "options": OPTIONS | VALUES, "odd": VALUES},
)
CHANGES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("priority", "delay", "data", "reason", "resetAttempts", "x"), VALUES),
)


def send(method, url, body):
    api = client(user("operator", is_superuser=True))
    raw = json.dumps(body).encode()
    return api.generic(method, url, raw, content_type="application/json").status_code


@settings(max_examples=150, deadline=None)
@given(body=JOBS | VALUES)
def test_any_job_is_made_or_refused(body):
    assert send("POST", URL, body) in {200, 201, 400}


@settings(max_examples=100, deadline=None)
@given(jobs=st.lists(JOBS | VALUES, max_size=4) | VALUES)
def test_any_jobs_are_made_or_refused(jobs):
    before = Job.objects.count()
    status = send("POST", f"{URL}/bulk", {"jobs": jobs})
    assert status in {201, 400}
    assert Job.objects.count() - before == (len(jobs) if status == 201 else 0)


@settings(max_examples=100, deadline=None)
@given(body=CHANGES | VALUES)
def test_any_change_is_done_or_refused(body):
    job = job_of("owner", delay=60)
    assert send("PATCH", f"{URL}/{job.pk}", body) in {200, 400}
    for verb in ("promote", "cancel", "retry"):
        assert send("POST", f"{URL}/{job.pk}/{verb}", body) in {200, 400, 409}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["", "/", "/bulk", "/{}", "/{}/", "/{}/retry", "/{}/cancel", "/{}/promote", "?state=x"]
)
def test_every_address_answers_every_method_for_everybody(path, method, accept):
    job = job_of("owner")
    for who, api in people().items():
        url = f"{URL}{path.format(job.pk)}"
        response = api.generic(method, url, HTTP_ACCEPT=accept)
        assert response.status_code < 500, (who, response.content)
        assert response.status_code == 401 or who != "anonymous"
