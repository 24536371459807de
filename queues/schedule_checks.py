"""The system check of schedules that should have ticked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004
from django.db.models.functions import Now

from queues.checks import has_pending_migrations
from queues.models import Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSED_AFTER: Final = timedelta(minutes=5)
MOST_NAMED: Final = 20


@register(Tags.database)
def missed_ticks(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Warn of schedules whose next tick was due five minutes ago (queues.W003), 20 at most.

    Runs with `manage.py check --database default`.
    """
    if "default" not in (databases or []) or has_pending_migrations():
        return []
    missed = Schedule.objects.filter(is_enabled=True, next_at__lt=Now() - MISSED_AFTER)
    return [
        Warning(
            f"The schedule {one.name!r} should have ticked at {one.next_at:%Y-%m-%d %H:%M:%S} UTC."
            + (f" {one.last_error}" if one.last_error else ""),
            hint="Start a worker that knows its kind, put right what it says, or disable it.",
            id="queues.W003",
        )
        for one in missed.order_by("next_at", "pk")[:MOST_NAMED]
    ]
