"""What code and operators do to schedules. Each verb is one transaction, its audit included.

The row is locked until the caller's transaction ends, or the verb's own. When it ticks next is
computed in that transaction, by Postgres' clock, so a tick sees the schedule as it was before or
as it is after.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Unpack

from django.db import transaction

from queues import audit, cron
from queues.database import database_now, fetch
from queues.enqueue import enqueue_draft
from queues.models import Misfire, Overlap, Schedule
from queues.planning import (
    INSTANT,
    ScheduleError,
    arguments_of,
    check_name,
    described,
    draft_tick,
    next_tick,
    plan,
    spec_of,
)
from queues.statements.scheduling import INSERT_SCHEDULE

if TYPE_CHECKING:
    from queues.arguments import Arguments
    from queues.cron import Run
    from queues.models import Job
    from queues.planning import Wanted

__all__ = ["Misfire", "NameTakenError", "NoScheduleError", "Overlap", "ScheduleError", "change",
           "create", "disable", "enable", "next_runs", "remove", "run_now",
           "upsert"]  # fmt: skip

MAX_RUNS: Final = 1000
TRIES_FOR_A_NAME: Final = 10
# What decides about the next tick, and the rest of what people decide.
TIMES: Final = (
    "cron", "every_seconds", "time_zone", "starts_at", "ends_at", "limit", "is_enabled",
)  # fmt: skip
FACTS: Final = (*TIMES, "kind", "payload", "options", "overlap", "misfire", "jitter_seconds")

# What the audit calls a change of `is_enabled` alone.
ABLE: Final = {True: "enable-schedule", False: "disable-schedule"}


class NoScheduleError(ScheduleError):
    """There is no schedule of this name."""


class NameTakenError(ScheduleError):
    """There is a schedule of this name already."""


@transaction.atomic
def upsert(
    name: str,
    arguments: Arguments,
    *,
    enabled: bool | None = None,
    **said: Unpack[Wanted],
) -> Schedule:
    """Let there be a schedule of this name that is just so, and return it.

    `cron` has five fields, or six with seconds first, and is read in `time_zone`; `every` is whole
    seconds instead, from `starts_at` or else from its creation on. No tick is before `starts_at` or
    after `ends_at`; `limit` is how many jobs it makes in all. Each job is delayed by up to `jitter`
    seconds at random. `enabled` is left as it is unless it is said. `options` are those of
    `queues.enqueue.enqueue`, but for `delay`, `run_at` and `unique`.

    Where nothing changes, nothing is written. The next tick is moved by a change of times alone.
    Raises ScheduleError, naming the field.
    """
    wanted = plan(name, arguments, **said)
    wanted.is_enabled = enabled is not False
    for _ in range(TRIES_FOR_A_NAME):
        if found := _lock(name):
            if enabled is None:
                wanted.is_enabled = found.is_enabled
            facts = {field: getattr(wanted, field) for field in FACTS}
            return _write(found, facts, "change-schedule")
        if inserted := _insert(wanted):
            return inserted
    raise ScheduleError("name", f"is {name!r}, which comes and goes too fast; try again.")


@transaction.atomic
def create(
    name: str,
    arguments: Arguments,
    *,
    enabled: bool = True,
    **said: Unpack[Wanted],
) -> Schedule:
    """Make a schedule as `upsert` does, if its name is free.

    Of many who make one of the same name at the same moment, one does. Raises NameTakenError, and
    ScheduleError, naming the field.
    """
    wanted = plan(name, arguments, **said)
    wanted.is_enabled = enabled
    if inserted := _insert(wanted):
        return inserted
    raise NameTakenError("name", f"is {name!r:.50}, which is taken; allowed: a free one.")


@transaction.atomic
def change(
    name: str,
    *,
    kind: str | None = None,
    payload: object = None,
    enabled: bool | None = None,
    **said: Unpack[Wanted],
) -> Schedule:
    """Change what is said of a schedule, leave the rest as it is, and return it.

    A payload is replaced as a whole. To name one of `cron` and `every` takes the other one's place.
    A schedule whose kind is not known here can be enabled and disabled, and nothing else. Raises
    NoScheduleError, and ScheduleError, naming the field.
    """
    schedule = _known(name)
    facts: dict[str, Any] = {}
    if said or kind is not None or payload is not None:
        arguments = arguments_of(
            schedule.kind if kind is None else kind,
            schedule.payload if payload is None else payload,
        )
        wanted = plan(name, arguments, **described(schedule, said))
        facts = {field: getattr(wanted, field) for field in FACTS if field != "is_enabled"}
    verb = "change-schedule" if facts else ABLE[enabled is not False]
    if enabled is not None:
        facts["is_enabled"] = enabled
    return _write(schedule, facts, verb)


@transaction.atomic
def enable(name: str) -> Schedule:
    """Let a schedule tick again, from now on. Raises NoScheduleError."""
    return _write(_known(name), {"is_enabled": True}, ABLE[True])


@transaction.atomic
def disable(name: str) -> Schedule:
    """Let a schedule tick no more; jobs that it has made stay. Raises NoScheduleError."""
    return _write(_known(name), {"is_enabled": False}, ABLE[False])


@transaction.atomic
def remove(name: str) -> None:
    """Delete a schedule; jobs that it has made stay. Raises NoScheduleError."""
    schedule = _known(name)
    audit.record("remove-schedule", {"schedule": name}, before=_facts(schedule, FACTS))
    schedule.delete()


@transaction.atomic
def run_now(name: str) -> Job:
    """Make a job of a schedule now, whatever its times, overlap and limit say; return the job.

    It is no tick, and moves none. Raises NoScheduleError, and ScheduleError if its kind is not
    known here or its payload is refused.
    """
    schedule = _known(name)
    job = enqueue_draft(draft_tick(schedule))
    Schedule.objects.filter(pk=schedule.pk).update(last_job_id=job.pk)
    audit.record("run-schedule", {"schedule": name, "job": job.pk})
    return job


def next_runs(schedule: Schedule, count: int = 10) -> list[Run]:
    """Return its next runs, `count` at most (1,000 at most); none while it is disabled.

    Raises ScheduleError if it cannot be read.
    """
    if schedule.next_at is None:
        return []
    left = MAX_RUNS if schedule.limit is None else schedule.limit - schedule.ticks
    most = max(0, min(count, left, MAX_RUNS))
    runs = cron.next_runs(spec_of(schedule), schedule.next_at - INSTANT, most)
    return [run for run in runs if schedule.ends_at is None or run.at <= schedule.ends_at]


def _write(schedule: Schedule, facts: dict[str, Any], verb: str) -> Schedule:
    """Write what is another by now, and what follows from it. The row is locked."""
    changed = [field for field, value in facts.items() if getattr(schedule, field) != value]
    if not changed:
        return schedule
    before = _facts(schedule, changed)
    for field in changed:
        setattr(schedule, field, facts[field])
    # Whatever went wrong may be right now.
    schedule.last_error, schedule.retry_at, schedule.updated_at = "", None, database_now()
    if set(changed) & set(TIMES):
        schedule.next_at = _first(schedule, schedule.updated_at)
    schedule.save(update_fields=[*changed, "last_error", "retry_at", "updated_at", "next_at"])
    audit.record(verb, {"schedule": schedule.name}, before=before, after=_facts(schedule, changed))
    return schedule


def _insert(wanted: Schedule) -> Schedule | None:
    """Insert a schedule; None if its name is taken. Waits for whoever else inserts that name."""
    wanted.created_at = wanted.updated_at = database_now()
    # A cadence begins at once.
    wanted.next_at = _first(wanted, wanted.created_at - INSTANT)
    values = {field: getattr(wanted, field) for field in ("name", "created_at", "next_at", *FACTS)}
    for field in ("payload", "options"):
        values[field] = json.dumps(values[field])
    rows = fetch(INSERT_SCHEDULE, values)
    if not rows:
        return None
    wanted.pk, wanted._state.adding = rows[0][0], False  # noqa: SLF001  (Django documents _state)
    audit.record("create-schedule", {"schedule": wanted.name}, after=_facts(wanted, FACTS))
    return wanted


def _first(schedule: Schedule, after: datetime) -> datetime | None:
    return next_tick(schedule, after) if schedule.is_enabled else None


def _lock(name: str) -> Schedule | None:
    return Schedule.objects.select_for_update(no_key=True).filter(name=name).first()


def _known(name: str) -> Schedule:
    schedule = _lock(check_name(name))
    if schedule is None:
        raise NoScheduleError("name", f"is {name!r:.50}; allowed: that of a schedule.")
    return schedule


def _facts(schedule: Schedule, fields: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Return columns as the audit keeps them."""
    values = {field: getattr(schedule, field) for field in fields}
    return {
        field: value.isoformat() if isinstance(value, datetime) else value
        for field, value in values.items()
    }
