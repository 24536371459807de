"""Sealing the tokens of linked accounts anew, under the first of TOKEN_KEYS."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Func, TextField, Value

from accounts.models import LinkedAccount
from accounts.secrets import UnsealError, parse_keys, seal, unseal

if TYPE_CHECKING:
    from django.db.models import QuerySet

BATCH: Final = 500
# What is shown for an id that is not in TOKEN_KEYS: a planted text may have its secret there.
UNKNOWN: Final = "(not in TOKEN_KEYS)"


@dataclass
class Rotation:
    """What was sealed anew, and the accounts whose tokens no key opens."""

    resealed: int = 0
    unreadable: list[int] = field(default_factory=list)


def count_by_key() -> Counter[str]:
    """Return how many tokens are sealed with each key, by its id. Raises KeysError."""
    counts = Counter(dict.fromkeys(parse_keys(settings.TOKEN_KEYS), 0))
    key_id = Func(
        F("sealed_token"), Value(":"), Value(1), function="split_part", output_field=TextField()
    )
    rows = LinkedAccount.objects.values(key_id=key_id).annotate(number=Count("pk")).order_by()
    for row in rows:
        counts[row["key_id"] if row["key_id"] in counts else UNKNOWN] += row["number"]
    return counts


def rotate() -> Rotation:
    """Seal every token anew that is not sealed with the first key. Raises KeysError.

    Each batch commits by itself, so whoever ends it half-way has lost nothing: every token opens
    with the key that it names, and the next call goes on with those that are left. A token that no
    key opens stays as it is.
    """
    done, first, last = Rotation(), next(iter(parse_keys(settings.TOKEN_KEYS))), 0
    old = LinkedAccount.objects.exclude(sealed_token__startswith=f"{first}:").order_by("pk")
    while batch := _reseal(old.filter(pk__gt=last), done):
        last = batch[-1].pk
    return done


@transaction.atomic
def _reseal(found: QuerySet[LinkedAccount], done: Rotation) -> list[LinkedAccount]:
    """Seal one batch anew, and return it. Its rows are locked: linking again has to wait."""
    batch = list(found.select_for_update()[:BATCH])
    resealed = [account for account in batch if _is_resealed(account, done)]
    LinkedAccount.objects.bulk_update(resealed, ["sealed_token"])
    done.resealed += len(resealed)
    return batch


def _is_resealed(account: LinkedAccount, done: Rotation) -> bool:
    place = account.token_place
    try:
        account.sealed_token = seal(unseal(account.sealed_token, context=place), context=place)
    except UnsealError:
        done.unreadable.append(account.pk)
        return False
    return True
