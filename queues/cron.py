"""When a schedule ticks. Pure: the time is an argument.

Cron is read in a time zone, by one rule: a tick runs when the clocks of its zone first reach it.
So a time that the clocks skip runs once, at the first minute after the gap, together with all
others that fall into it; and a time that comes twice runs once, the first time. It follows that
nothing at all runs while an hour is repeated, not even `*/15 * * * *`: each of its times was there
an hour ago. What shall keep its distance whatever the clocks do is no cron but `Every`, or cron in
UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, CroniterError, croniter

from queues.cron_fields import CronError, checked

MAX_EVERY_SECONDS: Final = 366 * 24 * 3600
# Nothing is planned beyond: neither Python's dates nor the rules of time zones go on for ever.
LAST_YEAR: Final = 2999
SECOND: Final = timedelta(seconds=1)
_SOME_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (a local time)


class Mark(StrEnum):
    """What the clocks did to a run."""

    NONE = ""
    MOVED = "moved"
    REPEATED = "repeated"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A moment, in UTC. MOVED stands for times that were skipped, REPEATED is the first of two."""

    at: datetime
    mark: Mark = Mark.NONE


@dataclass(frozen=True, kw_only=True)
class Cron:
    """An expression of `parse_cron`, read in a time zone. It ticks when any of its parts does."""

    parts: tuple[str, ...]
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Every:
    """Every so many seconds from the anchor on, which is the first of them. It never drifts."""

    seconds: int
    anchor: datetime


Spec = Cron | Every


def parse_cron(expression: str, time_zone: str) -> Cron:
    """Return what an expression means in a zone of the IANA database. Raises CronError.

    An expression that never comes true, such as `0 0 30 2 *`, is refused.
    """
    expression = checked(expression)
    zone = parse_zone(time_zone)
    return Cron(parts=_possible(expression), zone=zone)


def parse_every(seconds: int, anchor: datetime) -> Every:
    """Return a cadence. Raises CronError."""
    if type(seconds) is not int or not 1 <= seconds <= MAX_EVERY_SECONDS:
        raise CronError(
            "every", f"is {seconds!r:.30}; allowed: whole seconds, 1 to {MAX_EVERY_SECONDS}."
        )
    return Every(seconds=seconds, anchor=anchor)


def parse_zone(name: str) -> ZoneInfo:
    """Return a zone by its name. Raises CronError."""
    if type(name) is not str or name not in _zones():
        raise CronError(
            "time_zone", f"is {name!r:.50}; allowed: a name such as UTC or Europe/Berlin."
        )
    return ZoneInfo(name)


def next_runs(spec: Spec, after: datetime, count: int) -> list[Run]:
    """Return the first `count` runs after a moment, each later than the one before.

    There may be fewer: nothing runs after the year 2999.
    """
    runs: list[Run] = []
    while len(runs) < count and (run := next_run(spec, after)):
        runs.append(run)
        after = run.at
    return runs


def next_run(spec: Spec, after: datetime) -> Run | None:
    """Return the first run after a moment, or None if there is none up to the year 2999."""
    if after.year > LAST_YEAR:
        return None
    run = _next_beat(spec, after) if isinstance(spec, Every) else _next_tick(spec, after)
    return run if run and run.at.year <= LAST_YEAR else None


def _next_beat(every: Every, after: datetime) -> Run:
    step = timedelta(seconds=every.seconds)
    gone = max(0, (after - every.anchor) // step + 1)
    return Run(at=(every.anchor + gone * step).astimezone(UTC))


def _next_tick(cron: Cron, after: datetime) -> Run | None:
    tick = _tick(cron.parts, _reached(cron.zone, after))
    return _first(cron.zone, tick) if tick else None


def _first(zone: ZoneInfo, tick: datetime) -> Run:
    """Return when the clocks of a zone first reach a local time."""
    early, late = (tick.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return Run(at=early)
    if early < late:
        return Run(at=early, mark=Mark.REPEATED)
    # PEP 495: of a time that is skipped, fold 0 lies after the change, and fold 1 before it.
    return Run(at=_change(zone, late, early), mark=Mark.MOVED)


def _reached(zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the latest local time, in whole seconds, that clocks have shown by a moment."""
    local = moment.astimezone(zone).replace(microsecond=0)
    if local.fold:
        # They show it for the second time, and went on until they were set back.
        first = local.replace(fold=0).astimezone(UTC)
        local = (_change(zone, first, local.astimezone(UTC)) - SECOND).astimezone(zone)
    return local.replace(tzinfo=None)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second with the offset that a zone has `after`. Both are whole seconds."""
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=1024)
def _possible(expression: str) -> tuple[str, ...]:
    """Return the parts of an expression. Raises CronError if none of them ever comes true."""
    parts = _parts(expression)
    try:
        tick = _tick(parts, _SOME_DAY)
    except CroniterError as error:
        raise CronError("cron", f"{str(error).partition('.')[0]}.") from error
    if tick is None:
        raise CronError("cron", f"is {expression!r}, which never happens; allowed: days that do.")
    return parts


def _parts(expression: str) -> tuple[str, ...]:
    """Split what names days in two ways, where croniter would ask for both at once.

    Cron means either of them, unless one of the fields begins with a star: then a day must fit
    both. croniter means either too, but for the second or the last of a weekday.
    """
    *others, date, month, weekday = expression.split()
    if _fits_both(expression) or not set(weekday) & set("#l"):
        return (expression,)
    return (" ".join([*others, date, month, "*"]), " ".join([*others, "*", month, weekday]))


def _fits_both(expression: str) -> bool:
    """Whether a day must fit both of its fields: Vixie cron asks for their first character."""
    *_, date, _month, weekday = expression.split()
    return date.startswith("*") or weekday.startswith("*")


def _tick(parts: tuple[str, ...], after: datetime) -> datetime | None:
    """Return the first local time after one, or None if there is none within 50 years."""
    found: list[datetime] = []
    for part in parts:
        # Without a zone, for croniter's own rule for clocks that change is another.
        try:
            ticks = croniter(
                part, after, ret_type=datetime, second_at_beginning=True,
                day_or=not _fits_both(part),
            )  # fmt: skip
            found.append(ticks.get_next())
        except CroniterBadDateError:
            continue
    return min(found, default=None)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
