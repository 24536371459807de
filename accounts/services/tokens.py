"""Making, checking and revoking the tokens of the API.

A token reads `fh_<public id>_<secret>`. Its row is found by the id and holds SHA-256 of the secret:
256 random bits need no slow hash. The text is returned once, and is in no log, error or row.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken
from accounts.scopes import SCOPES
from queues import audit
from queues.permissions import MANAGE, is_operator
from queues.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from accounts.models import User

log = logging.getLogger(__name__)

MAX_DAYS: Final = 365
MAX_NAME: Final = 100
# So many that a user made may be active at a time.
MAX_ACTIVE: Final = 100
# So many that ended are kept, for those who look what happened.
MAX_ENDED: Final = 100
ID_BYTES: Final = 8
SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(rf"fh_([0-9a-f]{{{ID_BYTES * 2}}})_([0-9a-f]{{{SECRET_BYTES * 2}}})")
# What a secret is compared with where there is no row, so that an unknown id takes as long.
_NOBODYS: Final = hashlib.sha256(b"").hexdigest()
USED_EVERY: Final = timedelta(minutes=1)
# And for so long after they would have expired.
KEPT: Final = timedelta(days=90)


class State(StrEnum):
    """What has become of a token."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USER_INACTIVE = "user inactive"
    PASSWORD_CHANGED = "password changed"  # noqa: S105  (a state)


# The code, and what is said to who knows the secret of such a token.
REFUSALS: Final = {
    State.REVOKED: ("token_revoked", "This token was revoked."),
    State.EXPIRED: ("token_expired", "This token has expired."),
    State.USER_INACTIVE: ("user_inactive", "The user of this token is not active."),
    State.PASSWORD_CHANGED: ("password_changed", "The user of this token has a new password."),
}


class TokenError(ValueError):
    """A token that cannot be made. `field` names what was wrong, the message what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAllowedError(TokenError):
    """A scope that the user may not have."""


class RefusedError(Exception):
    """A token that opens nothing. `code` is stable; neither it nor the message holds the token."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def create_token(
    user: User, *, scopes: Iterable[str], days: int, source: ApiToken.Source, name: str = ""
) -> tuple[ApiToken, str]:
    """Return a new token for `days`, and its text, which nobody can read again.

    Raises what `check` raises, NotAllowedError if a user who is no operator signs in for
    `queue:manage`, and TokenError if a user has made MAX_ACTIVE already that are active.
    """
    wanted = check(user, scopes=scopes, days=days, name=name)
    if source == ApiToken.Source.SIGN_IN and MANAGE in wanted and not is_operator(user):
        raise NotAllowedError("scopes", f"Only operators may have the scope {MANAGE}.")
    with transaction.atomic():
        _forget_ended(user)
        if source == ApiToken.Source.SIGN_IN:
            _check_room(user)
        token, secret = _insert(user, scopes=wanted, days=days, source=source, name=name)
    log.info("Made API token %s for user %s", token.public_id, user.pk, extra=_described(token))
    return token, f"fh_{token.public_id}_{secret}"


def _insert(
    user: User, *, scopes: list[str], days: int, source: ApiToken.Source, name: str
) -> tuple[ApiToken, str]:
    public_id, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user, name=name, public_id=public_id, digest=_digest(secret), last4=secret[-4:],
        password_digest=user.password_digest, scopes=scopes, source=source,
        expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    target = {"token": public_id, "user": user.get_username()}
    audit.record("create-token", target, after={"scopes": scopes, "days": days})
    return token, secret


def check(user: User, *, scopes: Iterable[str], days: int, name: str = "") -> list[str]:
    """Return the scopes, each once, in the order of SCOPES. Raises TokenError."""
    wanted = set(scopes)
    for scope in sorted(wanted - set(SCOPES)):
        raise TokenError("scopes", unknown("scope", scope, SCOPES))
    if not wanted:
        raise TokenError("scopes", f"There are none; allowed: {', '.join(SCOPES)}.")
    if not 1 <= days <= MAX_DAYS:
        raise TokenError("days", f"It is {days}; allowed: 1 to {MAX_DAYS}.")
    if len(name) > MAX_NAME or not name.isprintable():
        raise TokenError("name", f"It must be at most {MAX_NAME} printable characters.")
    if not user.is_active:
        raise TokenError("user", f"{user.get_username()} is not active.")
    return [scope for scope in SCOPES if scope in wanted]


def authenticate(text: str) -> ApiToken:
    """Return the token of a text, with its user, and note that it was used. Raises RefusedError.

    What does not look like a token costs no query.
    """
    parts = _TOKEN.fullmatch(text)
    if parts is None:
        raise RefusedError("authentication_failed", "This is no token.")
    token = _found(*parts.groups())
    state = state_of(token)
    if state in REFUSALS:
        raise RefusedError(*REFUSALS[state])
    _note_use(token)
    return token


def state_of(token: ApiToken) -> State:
    """Return whether a token is of use now, and why not."""
    if token.revoked_at:
        return State.REVOKED
    if token.expires_at <= timezone.now():
        return State.EXPIRED
    if not token.user.is_active:
        return State.USER_INACTIVE
    is_same = compare_digest(token.password_digest, token.user.password_digest)
    return State.ACTIVE if is_same else State.PASSWORD_CHANGED


def effective_scopes(token: ApiToken) -> frozenset[str]:
    """Return the scopes that count now.

    Of a token that a user made, `queue:manage` counts while the user is an operator; what was
    granted stands until it is revoked.
    """
    scopes = frozenset(token.scopes)
    is_own = token.source == ApiToken.Source.SIGN_IN
    if is_own and MANAGE in scopes and not is_operator(token.user):
        return scopes - {MANAGE}
    return scopes


def tokens_of(user_id: int) -> QuerySet[ApiToken]:
    """Return the tokens of a user, those that ended lately among them, in no order."""
    return ApiToken.objects.filter(user=user_id).select_related("user")


def revoke(token: ApiToken) -> None:
    """End a token at once. One that was revoked before keeps its time."""
    with transaction.atomic():
        active = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        is_ended = active.update(revoked_at=timezone.now())
        if is_ended:
            target = {"token": token.public_id, "user": token.user.get_username()}
            audit.record("revoke-token", target)
    if is_ended:
        log.info("Revoked API token %s", token.public_id, extra=_described(token))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _found(public_id: str, secret: str) -> ApiToken:
    token = ApiToken.objects.select_related("user").filter(public_id=public_id).first()
    is_right = compare_digest(_digest(secret), token.digest if token else _NOBODYS)
    if token is None or not is_right:
        raise RefusedError("authentication_failed", "This token is not known.")
    return token


def _note_use(token: ApiToken) -> None:
    """Write `last_used_at`, once a minute however many requests there are."""
    now = timezone.now()
    if token.last_used_at and token.last_used_at > now - USED_EVERY:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
    ApiToken.objects.filter(is_due, pk=token.pk).update(last_used_at=now)


def _check_room(user: User) -> None:
    """Refuse one token more than MAX_ACTIVE, about. Raises TokenError."""
    mine = ApiToken.objects.filter(_is_active(user), user=user, source=ApiToken.Source.SIGN_IN)
    if mine[MAX_ACTIVE - 1 : MAX_ACTIVE].exists():
        raise TokenError("user", f"{MAX_ACTIVE} tokens of yours are active; revoke one of them.")


def _forget_ended(user: User) -> None:
    """Delete the tokens that expired long ago, and the oldest beyond MAX_ENDED that ended."""
    ApiToken.objects.filter(user=user, expires_at__lt=timezone.now() - KEPT).delete()
    ended = ApiToken.objects.filter(~_is_active(user), user=user).order_by("-pk")
    spare = ended.values_list("pk", flat=True)[MAX_ENDED : MAX_ENDED + MAX_ACTIVE]
    ApiToken.objects.filter(pk__in=list(spare)).delete()


def _is_active(user: User) -> Q:
    """Return the condition of an active user's tokens that `state_of` calls active."""
    return Q(revoked_at=None, expires_at__gt=timezone.now(), password_digest=user.password_digest)


def _described(token: ApiToken) -> dict[str, str]:
    return {"token_id": token.public_id, "user": str(token.user_id)}
