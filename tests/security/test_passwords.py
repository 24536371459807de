"""Who knew an old password, or took a token, is out once the password is a new one."""

from __future__ import annotations

import json

import pytest

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token
from tests.security.browsing import Browser

OLD, NEW = "an-adas-secret", "correct horse battery"
ME, PASSWORD = "/api/auth/token", "/api/auth/password"
JSON = "application/json"


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada", password=OLD)


@pytest.fixture
def tokens(ada):
    """A token that she made, and one that an operator granted for a machine of hers."""
    return [
        create_token(ada, scopes=["queue:read"], days=1, source=source)[1]
        for source in ApiToken.Source
    ]


def ask(web, method, path, body=None, token=None):
    headers = {"Content_Type": JSON} | ({"Authorization": f"Bearer {token}"} if token else {})
    return web.ask(method, path, json.dumps(body) if body is not None else None, **headers)


def change(web, **values):
    body = {"username": "ada", "oldPassword": OLD, "newPassword": NEW, **values}
    return ask(web, "POST", PASSWORD, body)


def by_the_api(web, ada, session):
    assert change(web)[0] == 204


def by_the_page(web, ada, session):
    form = {"old": OLD, "new": NEW, "again": NEW}
    assert session.post("/account/password", form).status == 302
    # The session that she did it with goes on, and is another one than before.
    assert session.get(ME).status == 200


def by_staff(web, ada, session):
    boss = Browser(web, User.objects.create_superuser("boss", password=OLD))
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert boss.post(f"/admin/accounts/user/{ada.pk}/password/", form).status == 302


@pytest.mark.parametrize("way", [by_the_api, by_the_page, by_staff])
def test_a_new_password_ends_all_tokens_and_other_sessions(web, browse, ada, tokens, way):
    session, stolen = browse(ada), browse(ada)
    for token in tokens:
        assert ask(web, "GET", ME, token=token)[0] == 200
    assert stolen.get(ME).status == 200
    way(web, ada, session)
    for token in tokens:
        status, _, problem = ask(web, "GET", ME, token=token)
        assert (status, problem["code"]) == (401, "password_changed")
    assert stolen.get(ME).status == 401
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_who_is_deactivated_is_out_at_once(web, browse, ada, tokens):
    session = browse(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert session.get(ME).status == 401
    assert session.get("/account/").status == 302
    assert [ask(web, "GET", ME, token=token)[0] for token in tokens] == [401, 401]
    assert change(web)[0] == 401


def test_an_old_password_is_not_guessed(web, ada):
    statuses = [change(web, oldPassword=f"guess {n}")[0] for n in range(11)]
    assert statuses == [401] * 10 + [429]
    # The right one does not help while it lasts, be it here or at signing in.
    status, headers, problem = change(web)
    assert (status, problem["code"]) == (429, "locked_out")
    assert int(headers["Retry-After"]) > 800
    assert ask(web, "POST", ME, {"username": "ada", "password": OLD})[0] == 429


def test_an_old_password_is_not_guessed_with_a_stolen_session_either(web, browse, ada):
    stolen = browse(ada)
    forms = [{"old": f"guess {n}", "new": NEW, "again": NEW} for n in range(11)]
    statuses = [stolen.post("/account/password", form).status for form in forms]
    assert statuses == [400] * 10 + [429]
    assert stolen.post("/account/tokens/new", {"scopes": "queue:read", "days": 1}).status == 400
    right = {"scopes": "queue:read", "days": 1, "password": OLD}
    assert stolen.post("/account/tokens/new", right).status == 429
    assert not ApiToken.objects.exists()
    ada.refresh_from_db()
    assert ada.check_password(OLD)


def test_the_admin_has_no_second_form_for_ones_own_password(web, browse, ada):
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    session = browse(ada)
    answer = session.get("/admin/password_change/")
    assert (answer.status, answer.headers["Location"]) == (302, "/account/password")
    form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    assert session.post("/admin/password_change/", form).status == 405
    ada.refresh_from_db()
    assert ada.check_password(OLD)


WEAK = [
    ("12345678", {"This password is too common.", "This password is entirely numeric."}),
    ("a", {"This password is too short. It must contain at least 8 characters.",
           "This password is too common."}),
    (OLD, {"This is the old password."}),
]  # fmt: skip


@pytest.mark.parametrize(("new", "words"), WEAK)
def test_a_bad_new_password_is_refused_with_every_reason(web, ada, tokens, new, words):
    status, _, problem = change(web, newPassword=new)
    assert (status, problem["code"]) == (400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {"newPassword"}
    assert {error["message"] for error in problem["errors"]} == words
    assert ask(web, "GET", ME, token=tokens[0])[0] == 200


def test_a_token_neither_shows_nor_ends_another(web, browse, ada, tokens):
    own, other = (one.public_id for one in ApiToken.objects.order_by("pk"))
    shown = ask(web, "GET", "/api/auth/tokens", token=tokens[0])[2]
    assert [one["id"] for one in shown["data"]] == [own]
    assert ask(web, "DELETE", f"/api/auth/tokens/{other}", token=tokens[0])[0] == 404
    assert ask(web, "DELETE", f"/api/auth/tokens/{own}", token=tokens[0])[0] == 204
    assert ask(web, "GET", ME, token=tokens[0])[0] == 401
    assert ask(web, "GET", ME, token=tokens[1])[0] == 200
    session = json.loads(browse(ada).get("/api/auth/tokens", Accept=JSON).text)
    assert [(one["id"], one["state"]) for one in session["data"]] == [
        (other, "active"), (own, "revoked"),
    ]  # fmt: skip
    for token in tokens:
        assert token.rpartition("_")[2] not in str(session)


def test_nobody_sees_or_ends_the_tokens_of_others(web, browse, ada, tokens):
    bob = browse(User.objects.create_user("bob", password=OLD))
    assert json.loads(bob.get("/api/auth/tokens", Accept=JSON).text)["data"] == []
    theirs = ApiToken.objects.first().public_id
    assert bob.post("/account/tokens/revoke", {"id": theirs}).status == 404
    for wrong in ("", "\x00", "x" * 5000, theirs + "\x00"):
        assert bob.post("/account/tokens/revoke", {"id": wrong}).status == 404
    headers = {"X-CSRFToken": bob.cookies["csrftoken"]}
    assert bob.ask("DELETE", f"/api/auth/tokens/{theirs}", None, headers).status == 404
    assert [ask(web, "GET", ME, token=token)[0] for token in tokens] == [200, 200]


def test_a_form_of_another_site_does_nothing(web, browse, ada, tokens):
    session = browse(ada)
    session.cookies["csrftoken"] = "d" * 32
    own = ApiToken.objects.first().public_id
    for path, form in (
        ("/account/tokens/revoke", {"id": own}),
        ("/account/password", {"old": OLD, "new": NEW, "again": NEW}),
        ("/account/tokens/new", {"scopes": "queue:read", "days": 1, "password": OLD}),
    ):
        assert session.post(path, form).status == 403
    assert session.ask("DELETE", f"/api/auth/tokens/{own}", None, {}).status == 403
    assert ask(web, "GET", ME, token=tokens[0])[0] == 200


def test_a_plain_user_makes_no_token_for_operating(browse, ada):
    form = {"scopes": ["queue:read", "queue:manage"], "days": 1, "password": OLD}
    answer = browse(ada).post("/account/tokens/new", form)
    assert answer.status == 400
    assert "not one of the available choices" in answer.text
    assert OLD not in answer.text
    assert not ApiToken.objects.exists()
