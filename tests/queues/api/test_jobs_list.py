"""Lists of jobs: whose, which, and in which order."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.api.filtering import NAMES
from queues.api.views import jobs
from queues.cli import shapes
from queues.enqueue import enqueue, enqueue_many
from queues.models import Dependency, Job
from tests.counting import answering
from tests.jobs import Act
from tests.queues.api.owned import Owned, client, fields, job_of, people, user

pytestmark = pytest.mark.django_db
URL = "/api/queue/jobs"


@pytest.fixture
def operator(db):
    return client(user("operator", is_superuser=True))


def ids(response):
    assert response.status_code == 200, response.content
    return [job["id"] for job in response.json()["data"]]


def test_a_job_is_shown_as_scripts_know_it(operator):
    job = Job.objects.get(pk=job_of("owner").pk)
    response = operator.get(URL)
    assert [*response.json()] == ["success", "data", "next", "previous"]
    (shown,) = response.json()["data"]
    short = shapes.job_in_short(job)
    assert [*shown] == [*short]
    assert shown["createdAt"] == job.created_at.isoformat().replace("+00:00", "Z")
    assert {name: shown[name] for name in ("id", "state", "startedAt", "maxAttempts")} == {
        "id": job.pk, "state": "waiting", "startedAt": None, "maxAttempts": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("owner", ["owner"]), ("reader", ["owner"]), ("stranger", []), ("robot", []),
        ("staff", ["nobody", "other", "owner"]), ("operator", ["nobody", "other", "owner"]),
        ("manager", ["nobody", "other", "owner"]),
    ],
)  # fmt: skip
def test_everybody_sees_their_own_and_operators_all(who, seen):
    made = {"owner": job_of("owner"), "other": job_of("other"), "nobody": enqueue(Act(what="x"))}
    by_id = {job.pk: name for name, job in made.items()}
    response = people()[who].get(URL)
    assert sorted(by_id[id_] for id_ in ids(response)) == seen


@pytest.mark.parametrize("who", ["anonymous", "writer"])
def test_nobody_else_gets_a_list(who):
    job_of("owner")
    assert people()[who].get(URL).status_code == (401 if who == "anonymous" else 403)


def test_another_owner_asked_for_by_name_is_not_shown():
    job = job_of("owner")
    assert ids(people()["stranger"].get(f"{URL}?owner={job.owner}")) == []
    assert ids(people()["stranger"].get(f"{URL}?ids={job.pk}")) == []


@pytest.mark.parametrize(
    "words",
    [
        {"queue": "user-actions"}, {"queue": "userActions"}, {"state": "delayed,failed"},
        {"kind": "tests.api-owned"}, {"name": "NEED"}, {"key": "host:*"}, {"error": "luck"},
        {"errorClass": "ValueError"}, {"fingerprint": "abcd"}, {"schedule": "7"}, {"parent": "99"},
        {"createdAfter": "3d", "createdBefore": "1d"}, {"finishedAfter": "2026-01-01"},
        {"finishedBefore": "2026-02-01T00:00:00Z"}, {"priority": "3"}, {"attemptOver": "1"},
        {"payload": "NEEDLE"}, {"payload": '"text": "needle"'},
        {"queue": "userActions", "name": ""},
    ],
)  # fmt: skip
def test_every_word_finds_what_it_says(operator, words):
    enqueue_many([Act(what="return")] * 3)
    job = job_of("owner", text="needle", delay=60, priority=3, limit_key="host:a")
    Job.objects.filter(pk=job.pk).update(
        state="failed", error_class="ValueError", error_message="No luck", fingerprint="abcd",
        schedule_id=7, attempt=2, created_at="2026-01-15T00:00:00Z",
        finished_at="2026-01-15T00:00:00Z",
    )  # fmt: skip
    Dependency.objects.create(parent_id=99, child_id=job.pk, child_name="x")
    if "createdAfter" in words:
        words = {"createdAfter": "2026-01-14", "createdBefore": "2026-01-16"}
    assert ids(operator.get(f"{URL}?{urlencode(words)}")) == [job.pk]


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("stat=failed", "stat", "did you mean state?"),
        ("created_after=1d", "created_after", "did you mean createdAfter?"),
        ("all=yes", "all", "Unknown parameter"),
        ("state=failed&state=waiting", "state", "Given 2 times"),
        ("cursor=a&cursor=b", "cursor", "Given 2 times"),
        ("state=asleep", "state", "allowed: waiting"),
        ("attemptOver=x", "attemptOver", "allowed: a whole number"),
        ("createdAfter=yesterday", "createdAfter", "ISO 8601"),
        ("ids=1,x", "ids", "whole number"),
        ("pageSize=0", "pageSize", "1 to 100"),
        ("ordering=name", "ordering", "Unknown ordering"),
        ("cursor=AAAA", "cursor", "Not a cursor"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(operator, query, field, says):
    response = operator.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert fields(response) == [field]
    assert says in response.json()["detail"]


@pytest.mark.parametrize(
    ("ordering", "places"),
    [
        ("", [2, 1, 0]), ("id", [0, 1, 2]), ("-id", [2, 1, 0]), ("createdAt", [0, 1, 2]),
        ("runAt", [0, 2, 1]), ("-runAt", [1, 2, 0]), ("priority", [1, 0, 2]),
        ("-priority", [2, 0, 1]), ("finishedAt", [2]), ("-finishedAt", [2]),
    ],
)  # fmt: skip
def test_the_list_is_in_the_order_that_is_asked_for(operator, ordering, places):
    made = [job_of("a", priority=2), job_of("b", delay=600), job_of("c", delay=60, priority=5)]
    Job.objects.filter(pk=made[2].pk).update(state="completed", finished_at="2026-01-01T00:00Z")
    assert ids(operator.get(f"{URL}?ordering={ordering}")) == [made[place].pk for place in places]


def test_one_walks_from_page_to_page(operator):
    made = enqueue_many([Act(what="return")] * 5)
    first = operator.get(f"{URL}?pageSize=2&kind=tests.act&format=json")
    second = operator.get(first.json()["next"])
    assert (ids(first), ids(second)) == (made[:2:-1], made[2:0:-1])
    assert ids(operator.get(second.json()["previous"])) == ids(first)


def test_many_jobs_take_as_many_queries_as_few(operator):
    def queries():
        with answering() as captured:
            assert operator.get(f"{URL}?pageSize=100").status_code == 200
        return len(captured)

    enqueue_many([Owned(user_id="1")] * 2)
    few = queries()
    enqueue_many([Owned(user_id="1")] * 50)
    assert queries() == few <= 4


def test_a_list_that_takes_too_long_is_given_up(operator, monkeypatch):
    monkeypatch.setattr(jobs, "patience", partial(jobs.patience, 0.001))
    enqueue_many([Act(what="return", text="y" * 2000)] * 2000)
    response = operator.get(f"{URL}?payload=nothing-like-it")
    assert response.status_code == 400
    assert response.json()["code"] == "too_slow"
    assert "narrow the filter" in response.json()["detail"]


def test_a_page_for_people_has_a_form_with_what_was_asked_for(operator):
    made = enqueue_many([Act(what="return")] * 3)
    page = operator.get(
        f"{URL}?pageSize=2&name=<b>act&ordering=id", HTTP_ACCEPT="text/html"
    ).content.decode()
    assert 'value="&lt;b&gt;act"' in page
    assert "<option selected>id</option>" in page
    page = operator.get(f"{URL}?pageSize=2", HTTP_ACCEPT="text/html").content.decode()
    assert f'"id": {made[-1]}' in page.replace("&quot;", '"')
    assert 'rel="next"' in page
    assert all(f'name="{name}"' in page for name in NAMES)


WORDS = st.sampled_from([*NAMES, "cursor", "ordering", "pageSize", "format", "odd", ""])
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=150, deadline=None)
@given(query=st.lists(st.tuples(WORDS, TEXTS), max_size=4).map(urlencode) | st.text(max_size=30))
def test_whatever_the_query_is_it_is_answered_or_refused(query):
    response = client(user("operator", is_superuser=True)).get(f"{URL}?{query}")
    assert response.status_code in {200, 400, 404}
