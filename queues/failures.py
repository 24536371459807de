"""Groups of failures that are the same: looking at them, and trying their jobs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from queues import audit
from queues.control import ControlError
from queues.database import fetch
from queues.models import FailureGroup, Job
from queues.resolving import reopen
from queues.statements.failing import PRUNE_GROUPS, RETRY_GROUP
from queues.states import State
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_RETRIED: Final = 10_000
FORGOTTEN_AFTER_SECONDS: Final = 90 * 24 * 3600


class NoGroupError(ControlError):
    """There is no such group of failures."""


def groups() -> QuerySet[Any]:
    """Return the groups, the last seen first, each with `failed_now`: its jobs that are failed."""
    failed = Job.objects.filter(state=State.FAILED, fingerprint=OuterRef("pk"))
    number = failed.order_by().values("fingerprint").annotate(number=Count("*")).values("number")
    return FailureGroup.objects.annotate(failed_now=Coalesce(Subquery(number), 0))


@transaction.atomic
def retry_group(fingerprint: str, *, since_version: str | None = None) -> int:
    """Let failed jobs of a group wait again, with all their attempts; return how many.

    At most 10,000 at a time, the oldest first: ask again while so many come back. With
    `since_version` only those that failed no earlier than the first of them that ran with it. Jobs
    that somebody else is moving are passed over. Raises NoGroupError.
    """
    if not FailureGroup.objects.filter(pk=fingerprint).exists():
        raise NoGroupError(f"There is no group of failures {fingerprint[:50]!r}.")
    chosen = {"fingerprint": fingerprint, "since_version": since_version}
    rows = fetch(RETRY_GROUP, {**chosen, "limit": MOST_RETRIED})
    if rows:
        audit.record("retry", {"filter": {"state": State.FAILED.value, **chosen}}, count=len(rows))
        for child_id in sorted(row[0] for row in rows if row[4]):
            reopen(child_id)
        hints = [Hint(*row[:4]) for row in sorted(rows)]
        transaction.on_commit(lambda: push(hints))
    return len(rows)


def prune() -> int:
    """Forget the groups that were not seen for 90 days and have no failed job; return how many."""
    return len(fetch(PRUNE_GROUPS, {"age": FORGOTTEN_AFTER_SECONDS}))
