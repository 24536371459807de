from __future__ import annotations

import time

import pytest
from django.db import connections

from fediverse import health
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ["/health", "/health/"]


@pytest.fixture(autouse=True)
def fresh_probes(monkeypatch):
    """Forget what an earlier test was told; the parts themselves stay real."""
    monkeypatch.setattr(health, "PROBES", health.probes())


@pytest.mark.parametrize("path", PATHS)
def test_all_is_well(client, path):
    response = client.get(path)
    body = response.json()
    assert response.status_code == 200
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "status": "ok", "database": "connected", "cache": "connected", "queue": "connected",
    }  # fmt: skip


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_without_redis_it_is_degraded_and_answers_in_time(client, own_redis, fault):
    getattr(own_redis, fault)()
    started = time.monotonic()
    response = client.get("/health")
    assert time.monotonic() - started < 1
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["database"]) == ("degraded", "connected")
    assert (body["cache"], body["queue"]) == ("disconnected", "disconnected")


@pytest.mark.parametrize("port", ["1", "hanging"])
def test_without_postgres_it_is_an_error_and_answers_in_time(client, port, silent_server):
    def ask():
        wrapper = connections["default"]
        wrapper.settings_dict = {
            **wrapper.settings_dict,
            "HOST": "127.0.0.1",
            "PORT": silent_server if port == "hanging" else port,
            "OPTIONS": {"connect_timeout": 2},
        }
        health.ask_database()

    health.PROBES["database"] = health.Probe(ask)
    started = time.monotonic()
    response = client.get("/health")
    assert time.monotonic() - started < 1
    assert response.status_code == 503
    assert response.json()["status"] == "error"
    assert response.json()["database"] == "disconnected"


def test_asking_often_asks_the_parts_once_a_second(client):
    asked = []
    health.PROBES["queue"] = health.Probe(lambda: asked.append(1))
    for _ in range(20):
        in_thread(lambda: client.get("/health"))
    assert len(asked) == 1


def test_it_answers_whatever_the_host_header_says(client):
    assert client.get("/health", headers={"host": "10.0.0.7"}).status_code == 200
    assert client.get("/api/", headers={"host": "10.0.0.7"}).status_code == 400


def test_it_is_for_reading_and_not_for_caches(client):
    assert client.post("/health").status_code == 405
    assert "no-store" in client.get("/health")["Cache-Control"]
