"""API tokens in the admin: granted, shown once, revoked."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.services.tokens import authenticate, effective_scopes
from tests.pages import said

LIST = reverse("admin:accounts_apitoken_changelist")
ADD = reverse("admin:accounts_apitoken_add")
TOKEN = re.compile(r"fh_[0-9a-f]{16}_[0-9a-f]{64}")


@pytest.fixture
def staff(client, db):
    """Sign in as a member of staff with some permissions."""

    def sign_in(*codenames):
        member = User.objects.create_user("staff", is_staff=True)
        member.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(member)
        return client

    return sign_in


def form(user_, **values):
    return {"user": user_.pk, "name": "ci", "scopes": ["queue:read"], "days": "7", **values}


def revoke(client, *tokens):
    chosen = [str(token.pk) for token in tokens]
    data = {"action": "revoke_tokens", "_selected_action": chosen}
    return client.post(LIST, data, follow=True)


def test_a_granted_token_is_shown_once(admin_client, user, everything_stored):
    response = admin_client.post(ADD, form(user, scopes=["queue:read", "queue:manage"]))
    (text,) = TOKEN.findall(response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert "messages" not in response.cookies
    token = authenticate(text)
    assert (token.user, token.name, token.source) == (user, "ci", "granted")
    assert effective_scopes(token) == {"queue:read", "queue:manage"}
    secret = text.rpartition("_")[2]
    assert secret not in everything_stored()
    for url in (LIST, reverse("admin:accounts_apitoken_change", args=[token.pk])):
        page = admin_client.get(url).content.decode()
        assert token.last4 in page
        assert secret not in page
        assert token.digest not in page
    assert LogEntry.objects.get().object_id == str(token.pk)


WRONG = [
    ("scopes", {"scopes": []}),
    ("scopes", {"scopes": ["queue:all"]}),
    ("days", {"days": "0"}),
    ("days", {"days": "366"}),
    ("days", {"days": "a"}),
    ("name", {"name": "x" * 101}),
    ("name", {"name": "a\x1bb"}),
    ("user", {"user": ""}),
    ("user", {"user": "99999"}),
]


@pytest.mark.parametrize(("field", "values"), WRONG)
def test_what_is_wrong_is_said_at_its_field(admin_client, user, field, values):
    response = admin_client.post(ADD, form(user, **values))
    assert field in response.context["adminform"].form.errors
    assert not ApiToken.objects.exists()


def test_an_inactive_user_is_granted_nothing(admin_client):
    gone = User.objects.create_user("gone", is_active=False)
    response = admin_client.post(ADD, form(gone))
    assert "user" in response.context["adminform"].form.errors


def test_nobody_grants_more_than_they_may(staff, user, admin_user):
    client = staff("add_apitoken", "view_apitoken")
    for wanted in (form(user, scopes=["queue:manage"]), form(admin_user)):
        assert client.post(ADD, wanted).context["adminform"].form.errors
        assert not ApiToken.objects.exists()


def test_who_may_grant_does_so_to_others(staff, user):
    client = staff("add_apitoken", "view_apitoken", "grant_apitoken")
    assert TOKEN.search(client.post(ADD, form(user)).content.decode())
    assert ApiToken.objects.get().source == "granted"


def test_what_somebody_grants_to_themselves_is_their_own(staff):
    client = staff("add_apitoken", "view_apitoken")
    page = client.get(ADD)
    member = page.wsgi_request.user
    assert page.context["adminform"].form["user"].initial == member.pk
    assert TOKEN.search(client.post(ADD, form(member)).content.decode())
    assert ApiToken.objects.get().source == "sign-in"


def test_who_may_only_look_neither_grants_nor_revokes(staff, make_token):
    token, text = make_token()
    client = staff("view_apitoken", "grant_apitoken")
    assert client.get(LIST).status_code == 200
    assert client.get(ADD).status_code == 403
    revoke(client, token)
    assert authenticate(text)


def test_who_may_not_look_sees_nothing(staff):
    assert staff().get(LIST).status_code == 403


def test_an_operator_revokes_what_is_chosen(admin_client, make_token):
    (one, one_text), (_, other_text) = make_token(), make_token()
    assert said(revoke(admin_client, one)) == ["The tokens are revoked."]
    assert authenticate(other_text)
    assert ApiToken.objects.get(pk=one.pk).revoked_at
    assert "revoked" in admin_client.get(LIST).content.decode()
    assert one_text


def test_nothing_else_of_a_token_is_changed(admin_client, make_token):
    token, _ = make_token()
    url = reverse("admin:accounts_apitoken_change", args=[token.pk])
    assert admin_client.post(url, {"name": "other", "scopes": ["hub:read"]}).status_code == 403


def test_a_user_with_tokens_can_be_deleted(admin_client, make_token, user):
    make_token()
    url = reverse("admin:accounts_user_delete", args=[user.pk])
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()


def test_a_list_has_no_query_for_each_row(admin_client, make_token, django_assert_max_num_queries):
    make_token()
    admin_client.get(LIST)
    with django_assert_max_num_queries(20) as few:
        admin_client.get(LIST)
    for _ in range(20):
        make_token()
    with django_assert_max_num_queries(len(few)):
        assert admin_client.get(LIST).status_code == 200


GUESSES = [
    ("linkedaccount", "sealed_token__startswith"),
    ("linkedaccount", "sealed_token"),
    ("linkedaccount", "sealed_token__gte"),
    ("linkedaccount", "user__password__startswith"),
    ("linkedaccount", "user__api_tokens__digest__startswith"),
    ("apitoken", "digest__startswith"),
    ("apitoken", "digest"),
    ("apitoken", "digest__lt"),
    ("apitoken", "password_digest__startswith"),
    ("apitoken", "user__password__startswith"),
    ("apitoken", "user__linked_accounts__sealed_token__startswith"),
    ("instance", "accounts__sealed_token__startswith"),
    ("user", "password__startswith"),
    ("user", "api_tokens__digest__startswith"),
    ("user", "linked_accounts__sealed_token__startswith"),
]


@pytest.mark.parametrize(("model", "lookup"), GUESSES)
def test_no_list_tells_what_a_secret_begins_with(admin_client, link, make_token, model, lookup):
    link()
    make_token()
    url = reverse(f"admin:accounts_{model}_changelist")
    assert admin_client.get(url, {lookup: "t"}).status_code == 400
    assert admin_client.get(url, {"q": "ada"}).status_code == 200
