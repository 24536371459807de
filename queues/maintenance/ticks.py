"""Schedules that are due make their jobs."""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from django.db import OperationalError, transaction

from queues import control, registry
from queues.audit import Door, acting_as
from queues.control import ControlError
from queues.database import execute, fetch, fetch_prepared, is_contended, text_array
from queues.enqueue import enqueue_draft
from queues.models import Job, Misfire, Overlap, Schedule
from queues.planning import ScheduleError, draft_tick, next_tick
from queues.statements.scheduling import IS_DUE, LOCK_DUE, NOTE_STRANGERS

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)

# Of one run, for delayed jobs wait meanwhile: some 70 ms.
LIMIT: Final = 10
# A tick that is later than this was missed, and with it all that is due by now.
GRACE: Final = timedelta(seconds=60)
RETRY_AFTER: Final = timedelta(seconds=60)
LOCKED_RETRY_AFTER: Final = timedelta(seconds=2)
STRANGER: Final = "No worker that is there knows the kind."
CHANGED: Final = (
    "last_at", "last_job_id", "next_at", "ticks", "skipped", "last_error", "retry_at",
)  # fmt: skip


class Ticked(Enum):
    """What became of a tick."""

    MADE = auto()
    SKIPPED = auto()
    REFUSED = auto()


def run_once() -> int:
    """Make the jobs of ticks that are due by Postgres' clock; return how many, ten at most.

    Each tick is one transaction under its schedule's lock: its job is there and the next tick is
    set, or neither. So it does not matter how many workers look, or when one of them dies. Leaves
    out the kinds that this process does not know.
    """
    kinds = text_array(registry.kinds())
    if not fetch_prepared(IS_DUE, {"kinds": kinds}):
        return 0
    made = 0
    for _ in range(LIMIT):
        ticked = _tick(kinds)
        if ticked is None:
            break
        made += ticked is Ticked.MADE
    return made


def note_strangers() -> int:
    """Say of overdue schedules whose kind this process does not know why; return how many."""
    params = {
        "kinds": text_array(registry.kinds()),
        "seconds": GRACE.total_seconds(),
        "error": STRANGER,
    }
    return execute(NOTE_STRANGERS, params)


@transaction.atomic
def _tick(kinds: str) -> Ticked | None:
    """Make the longest due tick of those that nobody else is making; None if there is none."""
    rows = fetch(LOCK_DUE, {"kinds": kinds})
    if not rows:
        return None
    schedule, now = Schedule.objects.get(pk=rows[0][0]), rows[0][1]
    try:
        with transaction.atomic():
            return _make(schedule, now)
    except ScheduleError as error:
        log.warning("The schedule %s cannot tick: %s", schedule.name, error)
        return _put_off(schedule, now + RETRY_AFTER, str(error))
    except OperationalError as error:
        if not is_contended(error):
            raise
        # Somebody has locked the job that the tick replaces. Other schedules must not wait for it.
        return _put_off(schedule, now + LOCKED_RETRY_AFTER, schedule.last_error)


def _put_off(schedule: Schedule, retry_at: datetime, error: str) -> Ticked:
    changes = {"last_error": error, "retry_at": retry_at}
    Schedule.objects.filter(pk=schedule.pk).update(**changes)
    return Ticked.REFUSED


def _make(schedule: Schedule, now: datetime) -> Ticked:
    """Make the job of a tick, or none, and set the next. Raises ScheduleError, with none made."""
    tick: datetime = schedule.next_at  # type: ignore[assignment]  # it is due
    is_missed = now - tick > GRACE
    earlier = _unfinished(schedule)
    is_unwanted = (is_missed and schedule.misfire == Misfire.SKIP) or (
        earlier and schedule.overlap == Overlap.SKIP
    )
    ticked = Ticked.SKIPPED if is_unwanted else Ticked.MADE
    schedule.skipped += ticked is Ticked.SKIPPED
    schedule.ticks += ticked is Ticked.MADE
    # Whatever may be refused comes first: half a tick would be made again and again.
    draft = draft_tick(schedule, delay=_jitter(schedule))
    schedule.next_at = next_tick(schedule, now if is_missed else tick)
    if ticked is Ticked.MADE:
        _cancel(schedule, earlier)
        schedule.last_job_id = enqueue_draft(draft).pk
    schedule.last_at, schedule.last_error, schedule.retry_at = tick, "", None
    schedule.save(update_fields=CHANGED)
    return ticked


def _unfinished(schedule: Schedule) -> list[int]:
    """Return the jobs of earlier ticks that matter to the next, the oldest first."""
    if schedule.overlap == Overlap.ALLOW:
        return []
    jobs = Job.objects.filter(schedule_id=schedule.pk, finished_at=None)
    return list(jobs.order_by("id").values_list("pk", flat=True))


def _cancel(schedule: Schedule, earlier: list[int]) -> None:
    with acting_as(f"schedule {schedule.name}", Door.CODE, "The next tick replaces it."):
        for job_id in earlier:
            # It may have ended in this moment.
            with suppress(ControlError):
                control.cancel(job_id)


def _jitter(schedule: Schedule) -> float:
    # Spreads jobs in time; nothing secret depends on it.
    return random.uniform(0, schedule.jitter_seconds)  # noqa: S311
