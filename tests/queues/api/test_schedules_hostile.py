"""Whatever is said of schedules and events is answered or refused: nothing breaks."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues import schedules
from tests.jobs import Act
from tests.queues.api.owned import client, user

pytestmark = pytest.mark.django_db
URL = "/api/queue/schedules"
NAMES = st.text(max_size=12) | st.sampled_from(["nightly", "run", "a/run", "..", "\x00", "\ud800"])
WORDS = NAMES | st.sampled_from(["tests.act", "* * * * *", "UTC", "skip", "2031-01-01T00:00Z"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["name", "kind", "payload", "options", "cron", "every", "timeZone", "overlap", "misfire",
     "startsAt", "endsAt", "limit", "jitter", "isEnabled", "reason", "nextAt"]
)  # fmt: skip
RIGHT = {"name": "other", "kind": "tests.act", "payload": {"what": "return"}, "cron": "1 * * * *"}


def operator():
    return client(user("operator", is_superuser=True))


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["post", "put", "patch"]),
    change=st.dictionaries(FIELDS, VALUES, max_size=4),
    is_right=st.booleans(),
)
def test_no_body_breaks_a_schedule(method, change, is_right):
    api = operator()
    base = {key: value for key, value in RIGHT.items() if method == "post" or key != "name"}
    schedules.upsert("nightly", Act(what="return"), cron="* * * * *")
    body = json.dumps({**base, **change} if is_right and method != "patch" else change)
    where = URL if method == "post" else f"{URL}/nightly"
    answer = getattr(api, method)(where, body, content_type="application/json")
    assert answer.status_code < 500, answer.content
    assert answer.json()["success"] is (answer.status_code < 400)


@settings(max_examples=100, deadline=None)
@given(
    method=st.sampled_from(["get", "put", "patch", "delete", "post"]),
    name=NAMES.filter(lambda text: "\ud800" not in text),
    query=st.dictionaries(st.sampled_from(["runs", "reason", "queue", "odd"]), NAMES, max_size=2),
)
def test_no_address_breaks_a_schedule(method, name, query):
    pairs = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in query.items())
    answer = getattr(operator(), method)(f"{URL}/{quote(name)}?{pairs}", {})
    assert answer.status_code < 500, answer.content


@settings(max_examples=100, deadline=None)
@given(
    query=st.dictionaries(st.sampled_from(["after", "queue", "event", "odd"]), NAMES, max_size=2),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12),
)
def test_nothing_breaks_the_list_of_events(query, header):
    pairs = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in query.items())
    answer = operator().get(f"/api/queue/events?{pairs}", HTTP_LAST_EVENT_ID=header)
    assert answer.status_code < 500, answer.content
