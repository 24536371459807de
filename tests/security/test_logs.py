"""The logs of the web as deployed have paths, and nothing of what stands in queries."""

from __future__ import annotations

import json

import pytest

from tests.wait import until
from tests.web import WebProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("waiting")]
CANARY = "canary-7f3a"


@pytest.fixture
def web(tmp_path, transactional_db):
    process = WebProcess(tmp_path, LOG_LEVEL="DEBUG")
    yield process
    process.end()


def test_queries_and_referers_are_in_no_line(web):
    referer = {"Referer": f"https://example.org/?{CANARY}"}
    for path, status in (
        (f"/health?token={CANARY}", 200),
        (f"/api/nothing?token={CANARY}", 404),
        (f"/api/queue/stats?token={CANARY}", 401),
        (f"/api/queue/stats?token={CANARY}%00", 400),
    ):
        answer = web.ask("GET", path, X_Request_ID="found-by-this", **referer)
        assert answer[0] == status
    refused = web.ask(
        "GET", f"/api/queue/stats?token={CANARY}", Host="elsewhere.example", **referer
    )
    assert refused[0] == 400
    log = until(lambda: has(web, "GET /api/nothing HTTP/1.1"), what="the line")
    assert 'GET /health HTTP/1.1" 200' in log
    assert "found-by-this" in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert "GET /api/nothing" in [line.get("request") for line in lines]
    assert CANARY not in log


def test_a_path_cannot_begin_a_line_of_its_own(web):
    web.ask("GET", "/forged%0a%0d127.0.0.1%20forged")
    log = until(lambda: has(web, "forged"), what="the line")
    assert not any(line.startswith(("127.0.0.1 forged", "forged")) for line in log.splitlines())


def has(web, text):
    log = web.log.read_text()
    return log if text in log else None
