"""Validating what somebody wants to schedule. Nothing here touches the database."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from queues import registry, strict_json
from queues.cron import LAST_YEAR, Spec, next_run, parse_cron, parse_every, parse_zone
from queues.cron_fields import CronError
from queues.drafting import refusals
from queues.keep import parse_keep
from queues.models import Misfire, Overlap, Schedule
from queues.options import OPTIONS, Draft, EnqueueError, Options, draft
from queues.retry import parse_backoff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from queues.arguments import Arguments

MAX_NAME: Final = 200
MAX_JITTER_SECONDS: Final = 7 * 24 * 3600
MAX_LIMIT: Final = 2**31 - 1
FIRST_YEAR: Final = 1970
# The schedule itself says when, and what a second job does.
NOT_HERE: Final = frozenset({"delay", "run_at", "unique"})
INSTANT: Final = timedelta(microseconds=1)
_SOME_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ScheduleError(ValueError):
    """A schedule that is not accepted. `field` names what is wrong, the message what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Wanted(TypedDict, total=False):
    """What `plan` takes beside name and arguments; what is left out is as `plan` has it."""

    cron: str
    every: int | None
    time_zone: str
    overlap: str
    misfire: str
    starts_at: datetime | None
    ends_at: datetime | None
    limit: int | None
    jitter: int
    options: Options | None


def plan(
    name: str,
    arguments: Arguments,
    *,
    cron: str = "",
    every: int | None = None,
    time_zone: str = "UTC",
    overlap: str = Overlap.SKIP,
    misfire: str = Misfire.RUN_ONCE,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    limit: int | None = None,
    jitter: int = 0,
    options: Options | None = None,
) -> Schedule:
    """Return the schedule that is described, not saved. Raises ScheduleError."""
    _check_times(cron, every, time_zone)
    allowed = _allowed(options)
    with _refusals():
        wanted = draft(arguments, allowed)
    schedule = Schedule(
        name=check_name(name),
        kind=arguments.kind,
        payload=json.loads(wanted.payload),
        options=_as_json(options or {}),
        cron=cron and " ".join(cron.split()),
        every_seconds=every,
        time_zone=time_zone,
        overlap=_choice("overlap", overlap, Overlap.values),
        misfire=_choice("misfire", misfire, Misfire.values),
        starts_at=_moment("starts_at", starts_at),
        ends_at=_moment("ends_at", ends_at),
        limit=None if limit is None else _whole("limit", limit, 1, MAX_LIMIT),
        jitter_seconds=_whole("jitter", jitter, 0, MAX_JITTER_SECONDS),
    )
    if starts_at and ends_at and ends_at < starts_at:
        raise ScheduleError("ends_at", "is before starts_at; allowed: a later moment.")
    # What the row keeps of arguments and options must do as well as they do.
    draft_tick(schedule)
    return schedule


def described(schedule: Schedule, said: Wanted) -> Wanted:
    """Return what `plan` takes for a schedule as it is, but for what is said."""
    wanted = Wanted(
        cron=schedule.cron,
        every=schedule.every_seconds,
        time_zone=schedule.time_zone,
        overlap=schedule.overlap,
        misfire=schedule.misfire,
        starts_at=schedule.starts_at,
        ends_at=schedule.ends_at,
        limit=schedule.limit,
        jitter=schedule.jitter_seconds,
        options=cast("Options", schedule.options),
    )
    # There is one of the two, so whoever names one means it instead of the other.
    if said.get("cron"):
        wanted["every"] = None
    elif said.get("every") is not None:
        wanted["cron"] = ""
    return {**wanted, **said}


def check_name(name: str) -> str:
    """Return a name that a schedule may have. Raises ScheduleError."""
    if type(name) is not str or not 0 < len(name) <= MAX_NAME:
        raise ScheduleError("name", f"is {name!r:.50}; allowed: text of 1 to {MAX_NAME}.")
    try:
        strict_json.check_text(name)
    except strict_json.StrictJSONError as error:
        raise ScheduleError("name", str(error)) from error
    return name


def spec_of(schedule: Schedule) -> Spec:
    """Return when a schedule ticks, but for its limits. Raises ScheduleError."""
    try:
        if schedule.every_seconds is not None:
            anchor = schedule.starts_at or schedule.created_at
            return parse_every(schedule.every_seconds, anchor)
        return parse_cron(schedule.cron, schedule.time_zone)
    except CronError as error:
        raise ScheduleError(error.field, error.message) from error


def next_tick(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first tick after a moment; None if there is none. Raises ScheduleError."""
    if schedule.limit is not None and schedule.ticks >= schedule.limit:
        return None
    if schedule.starts_at:
        after = max(after, schedule.starts_at - INSTANT)
    run = next_run(spec_of(schedule), after)
    if run is None or (schedule.ends_at and run.at > schedule.ends_at):
        return None
    return run.at


def arguments_of(kind: str, payload: object) -> Arguments:
    """Return the arguments of a payload. Raises ScheduleError, whatever their own code raises."""
    with _refusals():
        return registry.get(kind).arguments.from_json(payload)


def draft_tick(schedule: Schedule, *, delay: float = 0.0) -> Draft:
    """Return a job of a schedule, due in `delay` seconds. Raises ScheduleError."""
    arguments = arguments_of(schedule.kind, schedule.payload)
    options: Options = {**_allowed(schedule.options), "delay": delay}
    with _refusals():
        wanted = draft(arguments, options)
    return wanted._replace(schedule_id=schedule.pk)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn whatever is wrong with a kind, arguments and options into ScheduleErrors."""
    try:
        with refusals():
            yield
    except EnqueueError as error:
        is_option = error.field not in {"arguments", "kind", "payload"}
        field = f"options.{error.field}" if is_option else error.field
        raise ScheduleError(field, error.message) from error


def _check_times(cron: str, every: int | None, time_zone: str) -> None:
    if not cron and every is None:
        raise ScheduleError("cron", "is left out, and so is every; allowed: one of them.")
    if cron and every is not None:
        raise ScheduleError("every", "is given together with cron; allowed: one of them.")
    try:
        parse_zone(time_zone)
        if every is None:
            parse_cron(cron, time_zone)
        else:
            parse_every(every, _SOME_DAY)
    except CronError as error:
        raise ScheduleError(error.field, error.message) from error


def _allowed(options: object) -> Options:
    if options is None:
        return Options()
    if not isinstance(options, dict):
        raise ScheduleError("options", f"are {options!r:.30}; allowed: options of enqueue by name.")
    if found := sorted(NOT_HERE & set(options)):
        others = ", ".join(name for name in OPTIONS if name not in NOT_HERE)
        raise ScheduleError(f"options.{found[0]}", f"is not allowed here; allowed: {others}.")
    return cast("Options", options)


def _as_json(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return accepted options as the row keeps them."""
    stored = {name: value for name, value in options.items() if value is not None}
    for name in {"keep_completed", "keep_failed"} & set(stored):
        stored[name] = asdict(parse_keep(stored[name]))
    if "backoff" in stored:
        stored["backoff"] = parse_backoff(stored["backoff"]).as_json()
    return stored


def _choice(field: str, value: str, allowed: list[str]) -> str:
    if value not in allowed:
        raise ScheduleError(field, f"is {value!r:.50}; allowed: {', '.join(allowed)}.")
    return str(value)


def _moment(field: str, value: datetime | None) -> datetime | None:
    if value is None:
        return None
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    if not isinstance(value, datetime) or value.tzinfo is None or value.year not in years:
        allowed = f"a datetime with a time zone, {years[0]} to {years[-1]}"
        raise ScheduleError(field, f"is {value!r:.60}; allowed: {allowed}.")
    return value.astimezone(UTC)


def _whole(field: str, value: int, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ScheduleError(field, f"is {value!r:.30}; allowed: a whole number, {least} to {most}.")
    return value
