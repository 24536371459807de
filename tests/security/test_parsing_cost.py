"""What is refused costs little, whatever its shape."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from benchmarks.ours.refusals import MOST, SHAPES
from queues.strict_json import StrictJSONError, loads

pytestmark = pytest.mark.django_db
JSON = "application/json"
# On a machine that does other things too. Unbounded, the worst took 5.7 s, and 585 MB.
SECONDS = 1.0
BYTES = 64 * 1024 * 1024


def read(raw):
    try:
        loads(raw, max_nodes=MOST)
    except StrictJSONError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_of_eight_megabytes_is_dear_to_read(shape):
    began = time.process_time()
    read(SHAPES[shape])
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("shape", ["empty lists", "backslashes", "quotes", "the same key"])
def test_nor_does_it_take_much_memory(shape):
    tracemalloc.start()
    read(SHAPES[shape])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BYTES


@pytest.fixture
def client():
    found = APIClient()
    found.force_authenticate(User.objects.create_user("a"))
    return found


def post_many(client, items):
    """Return the answer, and the CPU seconds that it took."""
    body, began = json.dumps({"jobs": items}), time.process_time()
    response = client.post(reverse("jobs-bulk"), body, content_type=JSON)
    return response, time.process_time() - began


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "nothing"},
        {"kind": "notification", "payload": {"userId": "0", "type": "info", "message": "x"}},
        {"kind": "notification", "payload": {}, "options": {"attempts": 10**6, "delya": 1}},
        7,
    ],
    ids=str,
)
def test_ten_thousand_wrong_jobs_are_refused_in_under_a_second(client, wrong):
    response, seconds = post_many(client, [wrong] * 10_000)
    assert response.status_code == 400
    assert 100 <= len(response.json()["errors"]) < 300
    assert "jobs were not read" in response.json()["errors"][0]["message"]
    assert seconds < SECONDS


def test_empty_lists_without_end_are_refused_at_once(client):
    raw, began = SHAPES["empty lists"], time.process_time()
    response = client.post(reverse("jobs-bulk"), raw, content_type=JSON)
    assert response.json()["code"] == "too_many_values"
    assert time.process_time() - began < SECONDS
