"""`/api/auth/token`: getting a token, asking about it, ending it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES, USUAL
from queues.models import IdempotencyKey
from tests.accounts.api.conftest import URL


def code_of(response):
    return response.status_code, response.json()["code"]


def test_who_signs_in_gets_a_token_that_says_who_they_are(sign_in, as_token):
    response = sign_in(name="laptop")
    made = response.json()["data"]
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert made["scopes"] == list(USUAL)
    days = datetime.fromisoformat(made["expiresAt"]) - timezone.now()
    assert timedelta(days=29) < days < timedelta(days=30)
    told = as_token(made.pop("token")).json()["data"]
    assert told == {"username": "ada", **made}


def test_it_has_the_scopes_and_days_that_were_asked_for(sign_in, as_token):
    made = sign_in(scopes=["hub:read"], days=365).json()["data"]
    assert as_token(made["token"]).json()["data"]["scopes"] == ["hub:read"]
    assert ApiToken.objects.get().source == "sign-in"


def test_a_form_will_do(api, user):
    form = {"username": "ada", "password": "pw", "days": "", "name": "", "scopes": []}
    for format_ in ("multipart", None):
        extra = {} if format_ else {"content_type": "application/x-www-form-urlencoded"}
        body = form if format_ else "username=ada&password=pw&scopes=queue:read&scopes=hub:read"
        response = api.post(URL, body, format=format_, **extra)
        assert response.status_code == 201, response.json()
    assert [token.scopes for token in ApiToken.objects.order_by("pk")] == [
        list(USUAL), ["queue:read", "hub:read"],
    ]  # fmt: skip


def test_name_wrong_password_and_inactive_user_are_answered_alike(sign_in):
    User.objects.create_user("gone", password="pw", is_active=False)
    answers = [
        sign_in(**values)
        for values in ({"username": "bob"}, {"password": "no"}, {"username": "gone"})
    ]
    said = [{**answer.json(), "requestId": ""} for answer in answers]
    assert said[0] == said[1] == said[2]
    assert code_of(answers[0]) == (401, "wrong_credentials")
    assert answers[0]["WWW-Authenticate"] == 'Bearer realm="api"'
    assert not ApiToken.objects.exists()


def test_a_name_is_the_same_in_another_spelling_of_its_letters(sign_in):
    assert sign_in(username="\uff41\uff44\uff41").status_code == 201


BAD = [
    ("username", {"username": ""}),
    ("username", {"username": 7}),
    ("username", {"username": "a" * 151}),
    ("username", {"username": "ﷺ" * 100}),
    ("password", {"password": None}),
    ("password", {"password": "a" * 4097}),
    ("scopes", {"scopes": []}),
    ("scopes", {"scopes": "queue:read"}),
    ("scopes", {"scopes": [["queue:read"]]}),
    ("scopes", {"scopes": ["queue:raed"]}),
    ("scopes", {"scopes": {"queue:read": True}}),
    ("scopes", {"scopes": None}),
    ("days", {"days": 0}),
    ("days", {"days": 366}),
    ("days", {"days": "7"}),
    ("days", {"days": 1.5}),
    ("days", {"days": True}),
    ("name", {"name": "a" * 101}),
    ("name", {"name": "a\nb"}),
    ("user", {"user": 1}),
]


@pytest.mark.parametrize(("field", "values"), BAD)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(sign_in, field, values):
    response = sign_in(**values)
    assert response.status_code == 400
    assert field in {error["field"] for error in response.json()["errors"]}
    assert not ApiToken.objects.exists()


RAW = [
    ("application/json", rb'{"username": "a\u0000", "password": "pw"}'),
    ("application/json", rb'{"username": "ada", "password": "\ud800"}'),
    ("application/json", b'{"username": "ada", "password": "\xff"}'),
    ("application/json", b'["ada", "pw"]'),
    ("application/json", b"null"),
    ("application/json", b""),
    ("application/x-www-form-urlencoded", b"username=a%00&password=pw"),
    ("application/x-www-form-urlencoded", b"username=ada&password=%00"),
    ("application/x-www-form-urlencoded", b"scopes=queue%3Aread"),
]


@pytest.mark.parametrize(("content_type", "body"), RAW)
def test_a_body_that_cannot_be_read_is_refused(api, user, content_type, body):
    response = api.generic("POST", URL, body, content_type=content_type)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_queue_manage_is_for_operators(sign_in, as_token, admin_user):
    refused = sign_in(scopes=["queue:read", "queue:manage"])
    assert code_of(refused) == (403, "scope_not_allowed")
    assert "queue:manage" in refused.json()["detail"]
    made = sign_in(username="admin", password="password", scopes=["queue:manage"]).json()["data"]
    assert as_token(made["token"]).json()["data"]["scopes"] == ["queue:manage"]
    User.objects.filter(pk=admin_user.pk).update(is_superuser=False)
    assert as_token(made["token"]).json()["data"]["scopes"] == []


def test_a_token_in_the_header_is_no_obstacle_to_signing_in(sign_in):
    assert sign_in(headers={"Authorization": "Bearer gone"}).status_code == 201


def test_who_is_signed_in_by_a_session_has_no_token_to_ask_about_or_to_revoke(client, user):
    client.force_login(user)
    assert client.get(URL).json()["data"] == {
        "username": "ada", "scopes": list(USUAL), "id": None, "name": None, "expiresAt": None,
    }  # fmt: skip
    refused = client.delete(URL)
    assert code_of(refused) == (409, "conflict")
    assert "token" in refused.json()["detail"]


def test_an_operator_who_is_signed_in_has_every_scope(admin_client):
    assert admin_client.get(URL).json()["data"]["scopes"] == list(SCOPES)


def test_a_token_is_revoked_by_itself_and_no_other_with_it(make_token, as_token):
    (_, mine), (_, other) = make_token(), make_token()
    response = as_token(mine, "delete")
    assert (response.status_code, response.content) == (204, b"")
    assert as_token(mine).status_code == 401
    assert as_token(other).status_code == 200


def test_neither_the_token_nor_the_password_is_kept_anywhere(
    sign_in, everything_stored, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    sent = {"headers": {"Idempotency-Key": "k"}}
    secret = sign_in(**sent).json()["data"]["token"].rpartition("_")[2]
    sign_in(password="cnry-wrong", **sent)
    told = f"{everything_stored()} {caplog.text} {capsys.readouterr()}"
    assert secret not in told
    assert "cnry-wrong" not in told
    assert not IdempotencyKey.objects.exists()


def test_who_comes_too_often_from_an_address_waits(sign_in):
    answers = [sign_in(username=f"u{n}", password="no") for n in range(40)]
    assert answers[29].status_code == 401
    assert code_of(answers[-1]) == (429, "too_many_requests")
    assert int(answers[-1]["Retry-After"]) >= 1
    assert sign_in(address="192.0.2.2").status_code == 201


def test_the_last_sign_in_of_a_user_is_noted(sign_in):
    sign_in()
    assert User.objects.get().last_login is not None
