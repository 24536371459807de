"""Every error is a problem document, and no input is a 500."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from queues.models import Job

pytestmark = pytest.mark.django_db
URL = "/api/queue/test-simple"
PROBLEM = {"type", "title", "status", "success", "code", "detail", "errors", "requestId"}


@pytest.fixture(autouse=True)
def _as_often_as_one_likes(settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = settings.OPEN_ENDPOINT_GLOBAL_PER_MINUTE = 100_000
    settings.OPEN_ENDPOINT_MAX_WAITING = 10_000


def post(client, body, content_type="application/json", **headers):
    return client.generic("POST", URL, body, content_type=content_type, headers=headers)


def is_problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == PROBLEM
    assert (body["success"], body["status"]) == (False, status)
    return body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"data": "\\u0000"}', 400, "nul_character"),
        (b'{"data": "\\ud800"}', 400, "lone_surrogate"),
        (b'{"delay": NaN}', 400, "not_a_number"),
        (b'{"delay": 1e999}', 400, "number_too_large"),
        (b"[" * 500 + b"]" * 500, 400, "too_deep"),
        (b'{"data": "' + b"x" * 1_000_000 + b'"}', 413, "payload_too_large"),
        (b"[]", 400, "invalid"),
        (b'"text"', 400, "invalid"),
        (b"null", 400, "invalid"),
        (b'{"data": "a", "data": "b"}', 400, "repeated_key"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe\x00", 400, "invalid_utf8"),
    ],
)
def test_a_hostile_body_is_refused_and_queues_nothing(client, body, status, code):
    assert is_problem(post(client, body), status)["code"] == code
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"delay": -1}', "delay"),
        (b'{"delay": 604800001}', "delay"),
        (b'{"delay": 1.5}', "delay"),
        (b'{"delay": "5"}', "delay"),
        (b'{"delay": true}', "delay"),
        (b'{"data": 7}', "data"),
        (b'{"priority": 1}', "priority"),
    ],
)
def test_a_wrong_field_is_named(client, body, field):
    problem = is_problem(post(client, body), 400)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert field in problem["detail"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/api/nothing", 404),
        ("GET", URL, 405),
        ("DELETE", URL + "/", 405),
        ("GET", "/api/%00", 400),
        ("GET", "/api/?q=%00", 400),
    ],
)
def test_wrong_addresses_and_methods_are_problems_too(client, method, path, status):
    is_problem(client.generic(method, path, headers={"accept": "application/json"}), status)


def test_an_unknown_content_type_is_a_problem(client):
    assert is_problem(post(client, b"<a/>", "text/xml"), 415)["code"] == "unsupported_media_type"


def test_a_body_without_a_length_is_refused(client):
    response = post(client, b"", **{"transfer-encoding": "chunked"})
    assert is_problem(response, 411)["code"] == "length_required"


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_no_body_is_a_500(client, body):
    assert post(client, body).status_code in {200, 400}


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(["data", "delay", "x"]) | st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ),
        max_size=3,
    )
)
def test_no_json_object_is_a_500(client, body):
    response = client.post(URL, body, content_type="application/json")
    assert response.status_code in {200, 400}


@pytest.mark.parametrize(
    "query",
    ["q=%00", "state__exact=%00", "o=%00", "p=99999999999999999999", "id=x", "created_at__gte=x",
     "q=%ED%B3%BF", "state__exact=nothing", "e=1", "_facets=%EF%BF%BF"],
)  # fmt: skip
def test_no_query_of_the_job_list_is_a_500(admin_client, query):
    response = admin_client.get(f"/admin/queues/job/?{query}")
    assert response.status_code in {200, 302, 400}
