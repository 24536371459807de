"""The headers of answers: who may keep them, and what a browser may load for them."""

from __future__ import annotations

import pytest

from fediverse import answers

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def test_a_document_that_did_not_change_is_not_sent_again(client):
    first = client.get("/api/schema")
    again = client.get("/api/schema", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == first[name]


def test_another_tag_brings_the_document(client):
    response = client.get("/api/", headers={**JSON, "if-none-match": '"other"'})
    assert response.status_code == 200
    assert response.json()["success"] is True


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/admin/login/", "text/html"),
        ("/api/", "text/html"),
        ("/api/nothing", "application/json"),
        ("/health", "application/json"),
    ],
)
def test_pages_errors_and_what_is_true_for_a_moment_have_no_tag(client, path, accept):
    assert "ETag" not in client.get(path, headers={"accept": accept})


@pytest.mark.parametrize("path", ["/api/", "/api/docs", "/api/nothing", "/api/queue/stats", "/api"])
def test_nobody_may_keep_what_the_api_answers(client, path):
    response = client.get(path, headers=JSON)
    assert response["Cache-Control"] == "no-store"
    assert {"Accept", "Authorization", "Cookie"} <= set(response["Vary"].split(", "))


def test_the_document_of_the_api_may_be_kept_and_asked_for_again(client):
    assert client.get("/api/schema", headers=JSON)["Cache-Control"] == "private, no-cache"


def test_the_icon_is_for_everybody(client):
    assert client.get("/favicon.ico")["Cache-Control"] == "max-age=86400, public"


@pytest.mark.parametrize(
    ("path", "accept", "policy"),
    [
        ("/api/", "application/json", answers.DOCUMENT),
        ("/api/", "text/html", answers.PAGE),
        ("/api/docs", "text/html", answers.PAGE),
        ("/api/schema", "*/*", answers.DOCUMENT),
        ("/api/nothing", "*/*", answers.DOCUMENT),
        ("/health", "*/*", answers.DOCUMENT),
        ("/admin/login/", "text/html", answers.ADMIN),
    ],
)
def test_a_document_may_load_nothing_and_a_page_only_what_is_ours(client, path, accept, policy):
    response = client.get(path, headers={"accept": accept})
    assert response["Content-Security-Policy"] == policy
    assert "default-src 'none'" in policy
    assert response["X-Content-Type-Options"] == "nosniff"


def test_what_is_refused_at_the_door_has_them_too(client):
    response = client.get("/api/", headers={"host": "evil.example"})
    assert response["Content-Security-Policy"] == answers.DOCUMENT
    assert response["X-Content-Type-Options"] == "nosniff"
