"""The entry: people find everything from there."""

from __future__ import annotations

import pytest
from django.test import Client

from fediverse.root import LINKS
from tests.api.routes import routes

pytestmark = pytest.mark.django_db


def test_it_links_to_what_there_is(client):
    data = client.get("/api/", headers={"accept": "application/json"}).json()["data"]
    assert data["testSimple"] == "http://testserver/api/queue/test-simple"
    assert {"health", "docs", "schema", "signIn"} <= set(data)


def test_no_link_is_dead(client):
    data = client.get("/api/").json()["data"]
    for url in data.values():
        status = client.get(url.removeprefix("http://testserver")).status_code
        assert status in {200, 302, 401, 403, 405}


def test_every_address_without_a_place_in_it_is_linked():
    names = {
        name for name, (places, methods) in routes().items() if not places and "GET" in methods
    }
    pages = {"account-token-new", "account-password", "admin-password"}
    names -= {"home", "admin-slash", "favicon", "nowhere", "api-root", *pages}
    assert names <= set(LINKS.values())


def test_its_page_is_ours_and_lets_people_sign_in(client):
    page = client.get("/api/", headers={"accept": "text/html"}).content.decode()
    assert "Fediverse Hub</title>" in page
    assert "href='/api-auth/login/?next=/api/'" in page


def test_people_who_sign_in_come_back_to_it(django_user_model):
    django_user_model.objects.create_user("ada", password="a-long-secret")
    browser = Client()
    response = browser.post(
        "/api-auth/login/?next=/api/", {"username": "ada", "password": "a-long-secret"}
    )
    assert (response.status_code, response["Location"]) == (302, "/api/")
    assert "ada" in browser.get("/api/", headers={"accept": "text/html"}).content.decode()
