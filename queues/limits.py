"""Limits of keys, over all workers: how many jobs at once, how many begun in a time.

A key is text that a job was given, such as a host or a tenant. Changes hold from the next claim on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from queues import audit
from queues.conf import get_queues
from queues.control import ControlError
from queues.database import execute, fetch
from queues.digits import ANY, digits
from queues.models import Limit
from queues.rate import MAX_COUNT, Rate, RateError
from queues.statements.turns import CLOSE_KEYS, KEYS_IN_USE, LIMIT_NAMED, OPEN_KEY, OPEN_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_KEY: Final = 200
MAX_CLOSED_SECONDS: Final = 31 * 24 * 3600
SHOWN: Final = 100
SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
SHOWN_HOLDERS: Final = 10


@dataclass(frozen=True, kw_only=True)
class KeyInUse:
    """A key that jobs run with or wait with, and its limit if it has one.

    `holders` are the ids of its running jobs, ten at most of `running`. `waiting` is counted to
    1,000. `opens_at` is set while a rate keeps it closed, or a person or a handler does.
    """

    key: str
    limit: str
    concurrency: int | None
    rate: Rate | None
    running: int
    holders: list[int]
    waiting: int
    opens_at: datetime | None


@transaction.atomic
def set_limit(key: str, *, concurrency: int | None = None, rate: Rate | None = None) -> Limit:
    """Limit a key, or with a `*` at the end each key that begins so; replaces what was set.

    The longest that fits a key counts, and no other. Raises ControlError.
    """
    check_key(key)
    if concurrency is None and rate is None:
        raise ControlError("concurrency and rate are both None; allowed: one of them, or both.")
    if concurrency is not None and (
        type(concurrency) is not int or not 1 <= concurrency <= MAX_COUNT
    ):
        raise ControlError(f"concurrency is {concurrency!r}; allowed: 1 to {MAX_COUNT}, or None.")
    values = {
        "concurrency": concurrency,
        "rate": rate.count if rate else None,
        "per_seconds": rate.per if rate else None,
    }
    old = Limit.objects.select_for_update().filter(key=key).first()
    limit, _ = Limit.objects.update_or_create(key=key, defaults=values)
    # What the old rate kept closed may be open by the new one.
    execute(OPEN_KEYS, {"key": key})
    audit.record("set-limit", {"key": key}, before=_values(old), after=values)
    return limit


@transaction.atomic
def remove_limit(key: str) -> None:
    """Let a key go without this limit. Raises ControlError if there is none."""
    check_key(key)
    limit = Limit.objects.select_for_update().filter(key=key).first()
    if limit is None:
        raise ControlError(f"There is no limit {key!r:.50}.")
    limit.delete()
    execute(OPEN_KEYS, {"key": key})
    audit.record("remove-limit", {"key": key}, before=_values(limit))


@transaction.atomic
def close_key(key: str, seconds: float) -> None:
    """Let no job of the key begin for so long from now; what runs goes on. Raises ControlError.

    Replaces what closed it before. A `*` at the end is no key, for one key is closed at a time.
    """
    check_one(key)
    if type(seconds) not in {int, float} or not 0 < seconds <= MAX_CLOSED_SECONDS:
        allowed = f"above 0 to {MAX_CLOSED_SECONDS}"
        raise ControlError(f"seconds is {seconds!r}; allowed: {allowed}.")
    fetch(OPEN_KEY, {"key": key})
    execute(CLOSE_KEYS, {"keys": [key], "seconds": [seconds]})
    audit.record("close-key", {"key": key}, after={"seconds": seconds})


@transaction.atomic
def open_key(key: str) -> None:
    """Let the jobs of a closed key begin again, as far as its limits let them.

    Raises ControlError if it is not closed.
    """
    check_one(key)
    if not fetch(OPEN_KEY, {"key": key}):
        raise ControlError(f"The key {key!r:.50} is not closed.")
    audit.record("open-key", {"key": key})


def limit_of(key: str) -> Limit | None:
    """Return the limit that counts for a key, if there is one."""
    found = fetch(LIMIT_NAMED, {"key": key})
    return Limit.objects.filter(key=found[0][0]).first() if found else None


def keys_in_use(*, most: int = SHOWN) -> list[KeyInUse]:
    """Return the keys that jobs run or wait with, those with running jobs first."""
    params = {"most": most, "holders": SHOWN_HOLDERS, "queues": list(get_queues())}
    rows = fetch(KEYS_IN_USE, params)
    return [_in_use(row) for row in rows]


def parse_rate(text: str) -> Rate | None:
    """Return the rate of `300/60` (so many in so many seconds), None for nothing.

    Raises ControlError.
    """
    if not text.strip():
        return None
    count, _, per = map(str.strip, text.partition("/"))
    number = digits(count, ANY)
    if number is None or not SECONDS.fullmatch(per):
        raise ControlError(f"rate is {text!r:.30}; allowed: such as 300/60.")
    try:
        return Rate(count=number, per=float(per))
    except RateError as error:
        raise ControlError(str(error)) from error


def check_key(key: str) -> None:
    """Refuse what is neither a key nor the beginning of some. Raises ControlError."""
    if type(key) is not str or not 0 < len(key) <= MAX_KEY:
        raise ControlError(f"key is {key!r:.50}; allowed: text of 1 to {MAX_KEY}.")
    if key != key.strip() or not key.isprintable():
        allowed = "printable text without spaces at its ends"
        raise ControlError(f"key is {key!r:.50}; allowed: {allowed}.")


def check_one(key: str) -> None:
    """Refuse what is no key, and the beginning of some. Raises ControlError."""
    check_key(key)
    if key.endswith("*"):
        raise ControlError(f"key is {key!r:.50}; allowed: one key, without a * at its end.")


def _in_use(row: tuple[Any, ...]) -> KeyInUse:
    key, limit, concurrency, begins, per, running, holders, waiting, opens_at = row
    return KeyInUse(
        key=key,
        limit=limit or "",
        concurrency=concurrency,
        rate=None if begins is None else Rate(count=begins, per=per),
        running=running,
        holders=holders or [],
        waiting=waiting,
        opens_at=opens_at,
    )


def _values(limit: Limit | None) -> Mapping[str, Any] | None:
    if limit is None:
        return None
    return {
        "concurrency": limit.concurrency,
        "rate": limit.rate,
        "per_seconds": limit.per_seconds,
    }
