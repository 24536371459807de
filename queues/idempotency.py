"""Requests that are carried out once, however often they are sent.

The key is written in the transaction of what the request does: there are both, or neither. What is
refused keeps no key, so it may be sent again, mended.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from queues.database import fetch
from queues.models import IdempotencyKey
from queues.statements.requests import TRY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_KEY: Final = 255
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyError(ValueError):
    """A request that is not carried out; the message says why. `code` is stable."""

    code = "idempotency"


class BadKeyError(IdempotencyError):
    """What is no key."""

    code = "bad_idempotency_key"


class KeyReusedError(IdempotencyError):
    """The key was used with another request."""

    code = "idempotency_key_reused"


class InFlightError(IdempotencyError):
    """The same request is being carried out at this moment."""

    code = "idempotency_key_in_flight"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What was answered: a status, and a JSON document. `is_replayed` if that was earlier.

    `kept` is what is answered the next time, if that is to be less.
    """

    status: int
    document: Any
    is_replayed: bool = False
    kept: Any = None


def once(principal: str, key: str, request: object, carry_out: Callable[[], Answered]) -> Answered:
    """Carry a request out, or return what was answered when it was carried out under this key.

    `request` is all of it that matters, as JSON. Whatever `carry_out` does is in one transaction
    with the key. Raises BadKeyError, KeyReusedError, InFlightError, and what `carry_out` raises.
    """
    if not _KEY.fullmatch(key):
        raise BadKeyError(f"The key is not 1 to {MAX_KEY} visible characters of ASCII.")
    fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        if not fetch(TRY_KEY, {"principal": principal, "key": key})[0][0]:
            raise InFlightError("The request with this key is being carried out; ask again.")
        known = IdempotencyKey.objects.filter(principal=principal, key=key).first()
        if known:
            return _again(known, fingerprint)
        answered = carry_out()
        IdempotencyKey.objects.create(
            principal=principal, key=key, fingerprint=fingerprint,
            status=answered.status, answer=answered.kept or answered.document,
        )  # fmt: skip
        return answered


def _again(known: IdempotencyKey, fingerprint: str) -> Answered:
    if known.fingerprint != fingerprint:
        raise KeyReusedError("The key was used with another request; take a new one.")
    return Answered(status=known.status, document=known.answer, is_replayed=True)
