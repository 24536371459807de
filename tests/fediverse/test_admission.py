"""What is let into Django: whole bodies, so many requests at once, and /health always."""

from __future__ import annotations

import json
import threading
from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest

from fediverse import admission
from fediverse.admission import BULK_PATH, BUSY, REFUSAL, Admission
from fediverse.middleware import refusal
from tests.wait import until


def environ(path, body=b"", length=None):
    return {
        "PATH_INFO": path,
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body) if length is None else length),
        "wsgi.input": BytesIO(body),
    }


class Application:
    """Notes what comes, and answers when it may."""

    def __init__(self):
        self.seen, self.may = [], threading.Event()

    def __call__(self, given, start_response):
        self.seen.append((given["PATH_INFO"], given.get(REFUSAL), given["wsgi.input"].read()))
        if not given.get(REFUSAL) and given["PATH_INFO"] != "/health":
            assert self.may.wait(10)
        return [b""]


@pytest.fixture
def inner():
    made = Application()
    yield made
    made.may.set()


def test_when_all_places_are_taken_health_is_answered_and_others_are_refused(inner, monkeypatch):
    monkeypatch.setattr(admission, "WAIT_SECONDS", 0.05)
    outer = Admission(inner, active=1)
    first = threading.Thread(target=outer, args=(environ("/a"), None))
    first.start()
    until(lambda: inner.seen, what="the first request to be at work")
    outer(environ("/health"), None)
    outer(environ("/b"), None)
    assert inner.seen[1:] == [("/health", None, b""), ("/b", BUSY, b"")]
    inner.may.set()
    first.join()
    outer(environ("/c"), None)
    assert inner.seen[-1] == ("/c", None, b"")


def test_large_bodies_share_memory_which_is_given_back(inner, monkeypatch):
    inner.may.set()
    monkeypatch.setattr(admission, "LARGE_BYTES", 200 * 1024)
    outer, body = Admission(inner), b" " * 150 * 1024
    for _ in range(2):
        outer(environ(BULK_PATH, body), None)
    outer(environ(BULK_PATH, body * 2), None)
    assert [(why, len(read)) for _, why, read in inner.seen] == [
        (None, len(body)), (None, len(body)), (BUSY, 2 * len(body)),
    ]  # fmt: skip


def test_what_was_not_admitted_is_a_problem(inner):
    inner.may.set()
    for given, status in ((environ("/a", b"x", 5), 408), ({**environ("/a"), REFUSAL: BUSY}, 503)):
        Admission(inner)(given, None)
        answer = refusal(WSGIRequest({**given, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}))
        assert (answer.status_code, json.loads(answer.content)["success"]) == (status, False)
