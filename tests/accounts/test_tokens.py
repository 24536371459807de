"""What an API token is, and until when."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import call_command

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services.tokens import (
    NotAllowedError,
    RefusedError,
    TokenError,
    authenticate,
    create_token,
    effective_scopes,
    revoke,
    state_of,
)
from queues.audit import Door, acting_as
from queues.models import AuditEntry
from queues.permissions import MANAGE, OPERATING
from tests.threads import together

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SIGN_IN, GRANTED = ApiToken.Source.SIGN_IN, ApiToken.Source.GRANTED


def refusal(text):
    with pytest.raises(RefusedError) as caught:
        authenticate(text)
    assert text not in str(caught.value).split()
    return caught.value.code


def make_operator(user):
    names = [name.partition(".")[2] for name in OPERATING]
    permissions = Permission.objects.filter(codename__in=names, content_type__app_label="queues")
    user.user_permissions.set(permissions)
    return User.objects.get(pk=user.pk)


def test_a_token_is_its_users(make_token, user):
    token, text = make_token()
    assert authenticate(text) == token
    assert authenticate(text).user == user
    assert text.startswith(f"fh_{token.public_id}_")
    assert text.endswith(token.last4)


def test_two_tokens_have_nothing_in_common(make_token):
    (one, one_text), (other, other_text) = make_token(), make_token()
    assert one.public_id != other.public_id
    assert one_text.rpartition("_")[2] != other_text.rpartition("_")[2]


def test_no_row_no_log_and_nothing_printed_holds_the_secret(make_token, everything_stored, caplog):
    caplog.set_level(logging.DEBUG)
    token, text = make_token(name="ci")
    authenticate(text)
    secret = text.rpartition("_")[2]
    assert token.public_id in everything_stored()
    for told in (everything_stored(), caplog.text, f"{token} {token!r}"):
        assert secret not in told


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:0],
        lambda text: text[:-1],
        lambda text: f"{text}0",
        lambda text: text.upper(),
        lambda text: text.replace("fh_", "pat_"),
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: f"fh_{'0' * 16}_{text.rpartition('_')[2]}",
        lambda text: f"{text}\n",
        lambda text: text.replace("_", "\x00"),
        lambda text: text.replace("fh", "\uff46\uff48"),
    ],
)
def test_what_is_a_little_different_opens_nothing(make_token, change):
    _, text = make_token()
    assert refusal(change(text)) == "authentication_failed"


def test_a_token_ends_when_its_days_are_over(make_token):
    with time_machine.travel(NOON, tick=False) as clock:
        _, text = make_token(days=2)
        clock.shift(timedelta(days=2, seconds=-1))
        authenticate(text)
        clock.shift(1)
        assert refusal(text) == "token_expired"


def test_a_revoked_token_is_refused_and_keeps_the_time_of_its_end(make_token):
    token, text = make_token()
    revoke(token)
    assert refusal(text) == "token_revoked"
    token.refresh_from_db()
    first = token.revoked_at
    revoke(token)
    token.refresh_from_db()
    assert token.revoked_at == first


def test_the_token_of_a_user_who_is_no_longer_active_is_refused(make_token, user):
    _, text = make_token()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert refusal(text) == "user_inactive"


def by_the_model(user):
    user.set_password("another secret")
    user.save()


def by_an_update(user):
    User.objects.filter(pk=user.pk).update(password="anything")


def by_taking_it_away(user):
    user.set_unusable_password()
    user.save(update_fields=["password"])


def by_the_command(user):
    with mock.patch("getpass.getpass", return_value="another secret"):
        call_command("changepassword", user.username, stdout=io.StringIO())


@pytest.mark.parametrize("source", [SIGN_IN, GRANTED])
@pytest.mark.parametrize("change", [by_the_model, by_an_update, by_taking_it_away, by_the_command])
def test_a_token_ends_when_its_users_password_is_changed(make_token, user, change, source):
    token, text = make_token(source=source)
    change(user)
    assert refusal(text) == "password_changed"
    user.refresh_from_db()
    assert state_of(ApiToken.objects.get(pk=token.pk)) == "password changed"
    assert authenticate(make_token()[1])


def test_a_token_that_is_made_while_the_password_changes_is_of_no_use(make_token, user):
    by_the_model(User.objects.get(pk=user.pk))
    assert refusal(make_token()[1]) == "password_changed"


def test_a_password_that_is_only_hashed_anew_ends_no_token(make_token, user, settings):
    _, text = make_token()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS,
    ]  # fmt: skip
    assert not user.check_password("wrong")
    assert user.password.startswith("md5")
    assert user.check_password("pw")
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2")
    assert authenticate(text)


def test_a_token_goes_with_its_user(make_token, user):
    _, text = make_token()
    user.delete()
    assert refusal(text) == "authentication_failed"


def test_no_scope_implies_another(make_token):
    for scope in set(SCOPES) - {MANAGE}:
        token, _ = make_token(scopes=[scope])
        assert effective_scopes(token) == {scope}


def test_signing_in_gives_queue_manage_to_operators_alone(make_token, user):
    with pytest.raises(NotAllowedError, match=MANAGE):
        make_token(scopes=["queue:read", MANAGE])
    token, _ = make_token(user=make_operator(user), scopes=["queue:read", MANAGE])
    assert effective_scopes(token) == {"queue:read", MANAGE}


def test_an_operator_who_is_one_no_longer_has_no_queue_manage_by_their_own_token(make_token, user):
    _, own = make_token(user=make_operator(user), scopes=["queue:read", MANAGE])
    _, granted = make_token(scopes=[MANAGE], source=GRANTED)
    user.user_permissions.clear()
    assert effective_scopes(authenticate(own)) == {"queue:read"}
    assert effective_scopes(authenticate(granted)) == {MANAGE}


BAD = [
    ("scopes", {"scopes": []}, "queue:read"),
    ("scopes", {"scopes": ["queue:raed"]}, "did you mean queue:read?"),
    ("scopes", {"scopes": ["queue:read", "\x00"]}, "hub:write"),
    ("days", {"days": 0}, "1 to 365"),
    ("days", {"days": 366}, "1 to 365"),
    ("days", {"days": -1}, "1 to 365"),
    ("days", {"days": 10**30}, "1 to 365"),
    ("name", {"name": "x" * 101}, "100"),
    ("name", {"name": "a\x00b"}, "printable"),
    ("name", {"name": "a\nb"}, "printable"),
]


@pytest.mark.parametrize(("field", "values", "allowed"), BAD)
def test_what_cannot_be_made_is_refused_by_the_name_of_its_field(
    make_token, field, values, allowed
):
    with pytest.raises(TokenError) as caught:
        make_token(**values)
    assert caught.value.field == field
    assert allowed in str(caught.value)
    assert not ApiToken.objects.exists()


def test_a_user_who_is_not_active_gets_no_token(make_token, user):
    user.is_active = False
    with pytest.raises(TokenError, match="not active"):
        make_token(source=GRANTED)


def test_its_last_use_is_written_once_a_minute(make_token, django_assert_num_queries):
    with time_machine.travel(NOON, tick=False) as clock:
        token, text = make_token()
        with django_assert_num_queries(2):
            authenticate(text)
        clock.shift(59)
        with django_assert_num_queries(1):
            authenticate(text)
        token.refresh_from_db()
        assert token.last_used_at == NOON
        clock.shift(1)
        authenticate(text)
        token.refresh_from_db()
        assert token.last_used_at == NOON + timedelta(minutes=1)


def test_what_does_not_look_like_a_token_costs_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        refusal("fh_0000_secret")


def test_tokens_that_ended_long_ago_are_forgotten_when_their_user_makes_another(make_token, user):
    other = User.objects.create_user("bob")
    with time_machine.travel(NOON, tick=False) as clock:
        old, _ = make_token()
        others, _ = make_token(user=other)
        clock.shift(timedelta(days=90))
        recent, _ = make_token()
        clock.shift(timedelta(days=2))
        new, _ = make_token()
        assert set(ApiToken.objects.all()) == {recent, new, others}
    assert old.pk not in {token.pk for token in ApiToken.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_it_may_be_used_and_revoked_at_the_same_moment():
    user = User.objects.create_user("ada")
    token, text = create_token(user, scopes=["queue:read"], days=1, source=SIGN_IN)

    def use():
        try:
            return authenticate(text).pk
        except RefusedError as error:
            return error.code

    results = together(use, lambda: revoke(token), use)
    assert {results[0], results[2]} <= {token.pk, "token_revoked"}
    assert use() == "token_revoked"


def test_who_makes_and_ends_a_token_is_in_the_audit(user):
    with acting_as("op", Door.ADMIN, "for the monitor"):
        token, text = create_token(user, scopes=[MANAGE], days=1, source=GRANTED)
        revoke(token)
        revoke(token)
    entries = AuditEntry.objects.order_by("id")
    target = {"token": token.public_id, "user": user.username}
    assert [(one.verb, one.actor, one.door, one.target) for one in entries] == [
        ("create-token", "op", "admin", target), ("revoke-token", "op", "admin", target),
    ]  # fmt: skip
    assert text.rpartition("_")[2] not in str([*entries.values()])
