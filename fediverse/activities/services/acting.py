"""What users do on other servers, by their linked accounts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from accounts.models import LinkedAccount
from accounts.services.linking import credentials
from fediverse.activities.payloads.acting import COMMENT, LIKE
from fediverse.activities.remote import adapter

if TYPE_CHECKING:
    from fediverse.activities.payloads import PerformAction
    from fediverse.platforms.records import Receipt

MAX_NAMED: Final = 10


class NoAccountError(LookupError):
    """It is not clear by whose account to act; the message says what would make it so."""


def account_for(arguments: PerformAction) -> LinkedAccount:
    """Return the active account to act by: the named one, or the only one. Raises NoAccountError.

    Of its own user and on its platform: nobody acts by the account of another.
    """
    accounts = LinkedAccount.objects.active().of_owner(arguments.user_id).on(arguments.platform)
    if arguments.account_id is not None:
        accounts = accounts.filter(pk=arguments.account_id)
    found = list(accounts.select_related("instance").order_by("pk")[: MAX_NAMED + 1])
    if len(found) == 1:
        return found[0]
    whose = f"User {arguments.user_id}"
    if not found:
        which = "" if arguments.account_id is None else f" {arguments.account_id}"
        raise NoAccountError(f"{whose} has no active account{which} on {arguments.platform}.")
    names = ", ".join(f"{account.pk} ({account})" for account in found[:MAX_NAMED])
    raise NoAccountError(
        f"{whose} has several active accounts on {arguments.platform}; "
        f"name one of them as accountId: {names}."
    )


def act(account: LinkedAccount, arguments: PerformAction, key: str) -> Receipt:
    """Carry an action out on the account's server. `key` is the same for each try of one action.

    Must not be called within a transaction: it would stay open while a remote server thinks.
    Raises the adapters' errors, and UnsealError.
    """
    platform, keys = adapter(account.instance.platform), credentials(account)
    if arguments.action == COMMENT:
        return platform.reply(
            keys, arguments.target_id, text=arguments.text or "", key=_remote_key(account, key)
        )
    perform = platform.like if arguments.action == LIKE else platform.boost
    return perform(keys, arguments.target_id)


def _remote_key(account: LinkedAccount, key: str) -> str:
    """Return a key that no other hub uses with this account, whose jobs have the same numbers."""
    return hashlib.sha256(f"{account.uid} {key}".encode()).hexdigest()
