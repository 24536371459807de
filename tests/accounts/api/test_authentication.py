"""The header `Authorization`: a token, or a 401."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as few
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from tests.accounts.api.conftest import URL

ID, SECRET = "0" * 16, "0" * 64


def is_refused(response, code):
    document = response.json()
    assert response.status_code == document["status"] == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert (document["success"], document["code"]) == (False, code)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Token", "token", "Bearer  "])
def test_a_token_comes_in_either_scheme(make_token, as_token, scheme):
    response = as_token(make_token()[1], scheme=scheme)
    assert response.status_code == 200
    assert response.json()["data"]["username"] == "ada"


HEADERS = [
    "", " ", "Bearer", "Bearer ", "Token", "Basic YWRhOnB3", "Digest x", f"fh_{ID}_{SECRET}",
    f"Bearer fh_{ID}_{SECRET}", f"Bearer fh_{ID}_{SECRET} ", f" Bearer fh_{ID}_{SECRET}",
    f"Bearer fh_{ID}_{SECRET}, Bearer fh_{ID}_{SECRET}", f"Bearer\tfh_{ID}_{SECRET}",
    f"Bearer fh_{ID}_\x00{SECRET}", "Bearer \x00", "\x00", "Bearer \xff\xfe", "Bearer ' OR 1=1 --",
    "Bearer " + "a" * 8192, "a" * 8192, "Bearer fh_" + "0" * 8000, "Bearer ٣", "Bearer \udcff",
    "Bearer fh_\uff46_\uff46", "Bearer null", "Bearer undefined",
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_any_other_header_is_a_401(db, api, header):
    is_refused(api.get(URL, HTTP_AUTHORIZATION=header), "authentication_failed")


@few(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=300).map(b"Bearer ".__add__),
        st.binary(max_size=100).map(f"Token fh_{ID}_".encode().__add__),
        st.text("0123456789abcdef", max_size=64).map(
            lambda text: f"Bearer fh_{ID}_{text}".encode()
        ),
    )
)
def test_whatever_the_bytes_of_the_header_are_the_answer_is_a_401(db, raw):
    response = APIClient().get(URL, HTTP_AUTHORIZATION=raw.decode("latin-1"))
    is_refused(response, "authentication_failed")


def test_who_says_nothing_is_asked_for_a_token(db, api):
    is_refused(api.get(URL), "not_authenticated")


def test_a_wrong_header_is_no_session(client, user):
    client.force_login(user)
    assert client.get(URL).status_code == 200
    is_refused(client.get(URL, HTTP_AUTHORIZATION="Bearer x"), "authentication_failed")


@pytest.mark.parametrize("ending", ["revoked", "expired", "inactive"])
def test_who_has_a_token_that_ended_is_told_so(make_token, as_token, user, ending):
    token, text = make_token()
    if ending == "revoked":
        as_token(text, "delete")
    if ending == "expired":
        type(token).objects.update(expires_at=token.created_at)
    if ending == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    codes = {"revoked": "token_revoked", "expired": "token_expired", "inactive": "user_inactive"}
    is_refused(as_token(text), codes[ending])


def test_a_request_with_a_token_costs_one_query(make_token, as_token, django_assert_num_queries):
    _, text = make_token(scopes=["queue:read", "hub:read"])
    as_token(text)
    with django_assert_num_queries(1):
        assert as_token(text).status_code == 200


def test_a_token_needs_no_csrf_token(make_token):
    client = APIClient(enforce_csrf_checks=True)
    _, text = make_token()
    assert client.delete(URL, HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 204


def test_the_document_of_the_api_names_the_scheme(db, api):
    document = api.get("/api/schema", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    scheme = document["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    path = next(path for path in document["paths"] if path.rstrip("/") == URL)
    assert {"bearerAuth": []} in document["paths"][path]["get"]["security"]
    assert not document["paths"][path]["post"].get("security")
