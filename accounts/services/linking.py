"""Who may speak to which server, with which token."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Instance, LinkedAccount
from accounts.origins import Origin, OriginError, parse_origin
from accounts.secrets import seal, unseal
from fediverse.platforms.records import Credentials
from fediverse.platforms.registry import PLATFORMS

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)

MAX_HANDLE: Final = 255
MAX_TOKEN: Final = 4096


class LinkError(ValueError):
    """An account that cannot be linked. `field` names what was wrong, the message what is allowed.

    Neither ever holds the token.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def link_account(
    user: User, *, platform: str, base_url: str, handle: str, access_token: str
) -> LinkedAccount:
    """Return the user's account on an instance, active and with this token.

    Linking again replaces the token, and takes up an account that needed a new sign-in. The
    instance is not asked whether the token is good. Raises LinkError, and KeysError where
    TOKEN_KEYS cannot be used; then nothing is stored.
    """
    origin = _checked(platform, base_url, handle, access_token)
    with transaction.atomic():
        instance = _instance(platform, origin)
        account, created = _get_or_create(user, instance, handle, access_token)
        if not created:
            account.sealed_token = seal(access_token, context=account.token_place)
            account.status = LinkedAccount.Status.ACTIVE
            account.save(update_fields=["sealed_token", "status", "updated_at"])
    log.info(
        "Linked account %s of user %s",
        account.pk,
        user.pk,
        extra={"account_id": account.pk, "user": str(user.pk), "host": instance.host},
    )
    return account


def credentials(account: LinkedAccount) -> Credentials:
    """Return what an adapter needs to speak for the account. Raises UnsealError, or KeysError."""
    token = unseal(account.sealed_token, context=account.token_place)
    return Credentials(base_url=account.instance.base_url, access_token=token)


def mark_needs_reauth(account: LinkedAccount) -> None:
    """Note that the account's token is of no use. A token that has replaced it stays active."""
    unchanged = LinkedAccount.objects.active().filter(
        pk=account.pk, sealed_token=account.sealed_token
    )
    status = LinkedAccount.Status.NEEDS_REAUTH
    if unchanged.update(status=status, updated_at=timezone.now()):
        account.status = status
        log.warning("Account %s needs a new sign-in", account.pk, extra={"account_id": account.pk})


def _checked(platform: str, base_url: str, handle: str, access_token: str) -> Origin:
    if platform not in PLATFORMS:
        raise LinkError("platform", f"is {platform!r}; allowed: {sorted(PLATFORMS)}.")
    if not 0 < len(handle) <= MAX_HANDLE or not handle.isprintable() or " " in handle:
        raise LinkError("handle", f"must be a name of 1 to {MAX_HANDLE} characters, no spaces.")
    is_header_safe = access_token.isascii() and access_token.isprintable()
    if not 0 < len(access_token) <= MAX_TOKEN or not is_header_safe or " " in access_token:
        raise LinkError("access_token", f"must be 1 to {MAX_TOKEN} plain characters, no spaces.")
    try:
        return parse_origin(base_url, local=settings.LOCAL_INSTANCES)
    except OriginError as error:
        raise LinkError("base_url", str(error)) from error


def _instance(platform: str, origin: Origin) -> Instance:
    instance, _ = Instance.objects.get_or_create(
        base_url=origin.base_url, defaults={"platform": platform, "host": origin.host}
    )
    if instance.platform != platform:
        raise LinkError("platform", f"is {platform!r}; {origin.host} is {instance.platform!r}.")
    return instance


def _get_or_create(
    user: User, instance: Instance, handle: str, access_token: str
) -> tuple[LinkedAccount, bool]:
    draft = LinkedAccount(uid=uuid4(), user=user, instance=instance, handle=handle)
    return LinkedAccount.objects.select_related("instance").get_or_create(
        user=user,
        instance=instance,
        handle=handle,
        defaults={
            "uid": draft.uid,
            "sealed_token": seal(access_token, context=draft.token_place),
        },
    )
