"""What clients say of schedules, as the engine takes it."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q

from queues import registry
from queues.planning import arguments_of

# What the engine calls otherwise than the rows do.
ENGINE_NAMES: Final = {
    "every_seconds": "every",
    "jitter_seconds": "jitter",
    "is_enabled": "enabled",
}


def told(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a client said as the engine takes it."""
    wanted = {ENGINE_NAMES.get(name, name): value for name, value in said.items()}
    if "cron" in wanted:
        wanted["cron"] = wanted["cron"] or ""
    return wanted


def described(said: dict[str, Any]) -> dict[str, Any]:
    """Return what `create` and `upsert` take for a whole description. Raises ScheduleError."""
    wanted = told(said)
    arguments = arguments_of(wanted.pop("kind"), wanted.pop("payload", {}))
    return {"arguments": arguments, **wanted}


def condition(wanted: dict[str, Any]) -> Q:
    """Return which rows a list has."""
    found = Q()
    if "kind" in wanted:
        found &= Q(kind=wanted["kind"])
    if "isEnabled" in wanted:
        found &= Q(is_enabled=wanted["isEnabled"])
    if queue := wanted.get("queue"):
        # The queue is an option, or else the kind's.
        own = [kind for kind in registry.kinds() if registry.get(kind).queue == queue]
        found &= Q(options__queue=queue) | (~Q(options__has_key="queue") & Q(kind__in=own))
    return found
