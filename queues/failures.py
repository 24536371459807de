"""Groups of failures that are the same: looking at them, and trying their jobs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from queues import bulk
from queues.control import ControlError
from queues.database import fetch
from queues.filters import JobFilter
from queues.models import FailureGroup, Job
from queues.statements.failing import PRUNE_GROUPS
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from queues.models import Operation

FORGOTTEN_AFTER_SECONDS: Final = 90 * 24 * 3600


class NoGroupError(ControlError):
    """There is no such group of failures."""


def groups() -> QuerySet[Any]:
    """Return the groups, the last seen first, each with `failed_now`: its jobs that are failed."""
    failed = Job.objects.filter(state=State.FAILED, fingerprint=OuterRef("pk"))
    number = failed.order_by().values("fingerprint").annotate(number=Count("*")).values("number")
    return FailureGroup.objects.annotate(failed_now=Coalesce(Subquery(number), 0))


def retry_group(fingerprint: str) -> Operation:
    """Begin to let the failed jobs of a group wait again, with all their attempts.

    Returns the operation that does so (see `queues.bulk`). Raises NoGroupError.
    """
    if not FailureGroup.objects.filter(pk=fingerprint).exists():
        raise NoGroupError(f"There is no group of failures {fingerprint[:50]!r}.")
    return bulk.begin("retry", JobFilter(state=(State.FAILED,), fingerprint=fingerprint))


def prune() -> int:
    """Forget the groups that were not seen for 90 days and have no failed job; return how many."""
    return len(fetch(PRUNE_GROUPS, {"age": FORGOTTEN_AFTER_SECONDS}))
