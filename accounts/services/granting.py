"""Granting API tokens in the admin: who may, to whom, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from accounts.models import ApiToken, User
from accounts.services.rights import users_within
from accounts.services.tokens import NotAllowedError, create_token
from queues.permissions import MANAGE, is_operator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

GRANT: Final = "accounts.grant_apitoken"


def users_for(granter: User) -> QuerySet[User]:
    """Return whose tokens somebody sees, makes and revokes.

    Their own; with the permission GRANT also those of users who may do no more than they.
    """
    if granter.has_perm(GRANT):
        return users_within(granter)
    return User.objects.filter(pk=granter.pk)


def check_grant(granter: User, user: User, scopes: Iterable[str]) -> None:
    """Raise NotAllowedError unless somebody may grant these scopes to a user."""
    if not users_for(granter).filter(pk=user.pk).exists():
        raise NotAllowedError("user", "You may grant no tokens to this user.")
    if MANAGE in scopes and not is_operator(granter):
        raise NotAllowedError("scopes", f"Only operators may grant {MANAGE}.")


def grant_token(
    granter: User, user: User, *, scopes: list[str], days: int, name: str = ""
) -> tuple[ApiToken, str]:
    """Return a token for a user, and its text. Raises TokenError.

    What people grant to themselves counts as made by them: it has `queue:manage` for only as long
    as they operate.
    """
    check_grant(granter, user, scopes)
    source = ApiToken.Source.SIGN_IN if user == granter else ApiToken.Source.GRANTED
    return create_token(user, scopes=scopes, days=days, source=source, name=name)
