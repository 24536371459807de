"""What callers who are no operators may ask of a job. Pure.

Jobs that are tried without a pause, or stay for ever when they have ended, are at everybody's cost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rest_framework.exceptions import ValidationError

from queues import registry
from queues.conf import get_queues
from queues.keep import ALL, Keep, parse_keep
from queues.options import Options
from queues.retry import HANDLER, parse_backoff
from queues.unique import Unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queues.retry import Backoff

MAX_ATTEMPTS: Final = 10
MAX_KEPT: Final = 1000
MAX_SECONDS: Final = 14 * 24 * 3600
KEEPS: Final[Mapping[str, str]] = {
    "keep_completed": "removeOnComplete",
    "keep_failed": "removeOnFail",
}


def bounded(kind: str, options: Options) -> Options:
    """Return the options of a job of this kind, its retention with an age.

    Raises ValidationError, which names the option, what was wrong, and what is allowed.
    """
    own = Options(**options)
    _check_retries(kind, own)
    _check_unique(own.get("unique"))
    for ours, theirs in KEEPS.items():
        if own.get(ours) is not None:
            own[ours] = _kept(theirs, parse_keep(own[ours]))  # type: ignore[literal-required]
    return own


def _check_retries(kind: str, own: Options) -> None:
    """Refuse more than ten attempts, and waits that are shorter than those of the kind."""
    spec = registry.get(kind)
    queue = get_queues()[spec.queue or next(iter(get_queues()))]
    attempts = own.get("attempts") or spec.attempts or queue.attempts
    if own.get("attempts") and attempts > MAX_ATTEMPTS:
        raise _refused("attempts", f"Is {attempts}; allowed: 1 to {MAX_ATTEMPTS}.")
    wanted = own.get("backoff")
    if wanted is not None:
        _check_waits(parse_backoff(wanted), spec.backoff or queue.backoff, attempts)


def _check_waits(wanted: Backoff, usual: Backoff, attempts: int) -> None:
    if usual.type == HANDLER:
        raise _refused("backoff", "The kind decides how long it waits; leave it out.")
    for failures in range(1, attempts):
        # A roll of nought is the shortest that either may wait.
        least = usual.wait_ms(failures, roll=0)
        if (waits := wanted.wait_ms(failures, roll=0)) < least:
            text = f"Waits {waits} ms after attempt {failures}; allowed: {least} ms or more there."
            raise _refused("backoff", f"{text} Left out, it is the kind's own.")


def _check_unique(unique: Unique | str | None) -> None:
    """Refuse a key that keeps a finished job's row for longer than that may stay."""
    if isinstance(unique, Unique) and unique.ttl is not None and unique.ttl > MAX_SECONDS:
        text = f"Too long; allowed: {MAX_SECONDS * 1000} milliseconds."
        raise ValidationError({"options": {"deduplication": {"ttl": [text]}}})


def _kept(name: str, keep: Keep) -> Keep:
    """Return a retention with a count and an age. Raises ValidationError for more than may be."""
    allowed = f"allowed: a count of 0 to {MAX_KEPT}, and an age of 0 to {MAX_SECONDS} seconds."
    if keep.count == ALL and keep.age is None:
        raise _refused(name, f"Keeps all jobs; {allowed}")
    if keep.count > MAX_KEPT or (keep.age or 0) > MAX_SECONDS:
        raise _refused(name, f"Keeps too much; {allowed}")
    count = MAX_KEPT if keep.count == ALL else keep.count
    return replace(keep, count=count, age=MAX_SECONDS if keep.age is None else keep.age)


def _refused(name: str, message: str) -> ValidationError:
    return ValidationError({"options": {name: [message]}})
