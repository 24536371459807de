"""One id for each request, by which its answer and its lines in the log are found."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.conf import settings

from fediverse import request_ids
from fediverse.logs import structured

pytestmark = pytest.mark.django_db
URL = "/api/queue/test-simple"
UNKNOWN = "/api/nothing"


@pytest.fixture
def log():
    """What the log says meanwhile, a document for each line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    config = dict(structured("json"))
    handler.setFormatter(config.pop("()")(**config))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("given", ["abc", "a-b_c.D9", "x" * 64])
def test_a_callers_own_id_is_kept(client, given):
    response = client.get(UNKNOWN, headers={"x-request-id": given})
    assert response["X-Request-ID"] == response.json()["requestId"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "é", 'a"b', "a\x1bb", "a\x00"])
def test_what_is_no_id_is_replaced(client, given):
    response = client.get(UNKNOWN, headers={"x-request-id": given})
    assert response["X-Request-ID"] == response.json()["requestId"] != given
    assert len(response["X-Request-ID"]) == 32


def test_no_two_requests_share_an_id(client):
    assert client.get(UNKNOWN)["X-Request-ID"] != client.get(UNKNOWN)["X-Request-ID"]


@pytest.mark.parametrize("path", ["/health", "/api/", "/admin/", "/favicon.ico", "/", "/api/docs"])
def test_every_answer_carries_one(client, path):
    assert client.get(path)["X-Request-ID"]


@pytest.mark.parametrize("host", ["evil.example", "a b"])
def test_what_is_refused_at_the_door_carries_one(client, host):
    response = client.get("/api/", headers={"host": host, "x-request-id": "mine"})
    assert (response.status_code, response["X-Request-ID"]) == (400, "mine")
    assert response.json()["requestId"] == "mine"


def test_every_line_of_the_log_names_it_djangos_own_as_well(client, log):
    client.get(UNKNOWN, headers={"x-request-id": "first"})
    client.get("/api/", headers={"host": "evil.example", "x-request-id": "second"})
    told = [(line["request_id"], line["logger"]) for line in log() if "request_id" in line]
    assert ("first", "django.request") in told
    assert ("second", "fediverse.middleware") in told


def test_it_ends_with_the_request(client):
    client.get(UNKNOWN)
    assert request_ids.current() == ""


def test_it_is_the_first_middleware_so_that_nothing_answers_without_it():
    assert settings.MIDDLEWARE[0] == "fediverse.request_ids.RequestIdMiddleware"
