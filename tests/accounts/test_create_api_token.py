"""`manage.py create_api_token`."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiToken, User
from accounts.services.tokens import authenticate, effective_scopes


def run(*arguments):
    out = io.StringIO()
    call_command("create_api_token", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_token_alone(user):
    printed = run("ada", "--scope", "queue:read", "--scope", "queue:manage", "--name", "ci")
    token = authenticate(printed.removesuffix("\n"))
    assert (token.user, token.name, token.source) == (user, "ci", "granted")
    assert effective_scopes(token) == {"queue:read", "queue:manage"}
    assert token.expires_at - token.created_at > timedelta(days=364)


def test_it_is_good_for_the_days_that_are_said(user):
    token = authenticate(run("ada", "--scope", "hub:read", "--days", "7").strip())
    assert timedelta(days=6) < token.expires_at - token.created_at < timedelta(days=8)


WRONG = [
    (["nobody", "--scope", "queue:read"], "There is no user 'nobody'"),
    (["ada"], "allowed: queue:read, queue:write, queue:manage, hub:read, hub:write"),
    (["ada", "--scope", "queue:mange"], "did you mean queue:manage?"),
    (["ada", "--scope", "queue:read", "--days", "0"], "allowed: 1 to 365"),
    (["ada", "--scope", "queue:read", "--days", "366"], "allowed: 1 to 365"),
    (["ada", "--scope", "queue:read", "--days", "many"], "invalid int value"),
    (["ada", "--scope", "queue:read", "--name", "a\nb"], "printable"),
    (["gone", "--scope", "queue:read"], "gone is not active"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_is_wrong_is_named_and_makes_nothing(user, arguments, words):
    User.objects.create_user("gone", is_active=False)
    with pytest.raises(CommandError, match=words.replace("?", r"\?")):
        run(*arguments)
    assert not ApiToken.objects.exists()
