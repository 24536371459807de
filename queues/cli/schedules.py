"""`queues schedules`: what is made when, and switching it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from queues import schedules as services
from queues.cli import shapes
from queues.cli.asking import add_reason
from queues.cli.console import Answer, RefusedError, Subcommand, UsageError
from queues.cli.tables import one_line
from queues.cli.times import exact_span
from queues.models import Schedule

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Mapping

    from queues.cli.console import Console, Options


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=VERBS, metavar="|".join(VERBS))
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a schedule")
    add_reason(parser)


def schedules(options: Options, console: Console) -> Answer:
    """Answer with every schedule and its next tick, or do a verb to one."""
    verb, name = options["verb"], options["name"]
    if verb is None:
        return _list(console)
    if name is None:
        raise UsageError(f"NAME is missing; allowed: schedules {verb} NAME.")
    try:
        return VERBS[verb](name, console)
    except services.ScheduleError as error:
        raise RefusedError(str(error)) from error


def _list(console: Console) -> Answer:
    rows = list(Schedule.objects.all())
    headers = ["NAME", "KIND", "WHEN", "NEXT", "LAST", "ENABLED"]
    return Answer(
        data={"schedules": [shapes.schedule(row) for row in rows]},
        lines=console.table(headers, [_row(row, console) for row in rows])
        if rows
        else ["There is no schedule."],
    )


def _row(row: Schedule, console: Console) -> list[object]:
    when = row.cron if row.every_seconds is None else f"every {exact_span(row.every_seconds)}"
    next_, last = console.when(row.next_at), console.when(row.last_at)
    return [row.name, row.kind, when, next_, last, "yes" if row.is_enabled else "no"]


def _enable(name: str, console: Console) -> Answer:
    row = services.enable(name)
    return _about(row, f"is enabled; its next tick is {console.when(row.next_at)}.")


def _disable(name: str, console: Console) -> Answer:
    return _about(services.disable(name), "is disabled.")


def _run(name: str, console: Console) -> Answer:
    job = services.run_now(name)
    return Answer(
        data={"name": name, "jobId": job.pk},
        lines=[f"{one_line(name)} made job {job.pk}."],
    )


def _about(row: Schedule, words: str) -> Answer:
    data: dict[str, Any] = {"schedule": shapes.schedule(row)}
    return Answer(data=data, lines=[f"{one_line(row.name)} {words}"])


VERBS: Final[Mapping[str, Callable[[str, Console], Answer]]] = {
    "enable": _enable,
    "disable": _disable,
    "run": _run,
}
SUBCOMMANDS = (
    Subcommand(
        name="schedules", help="what is made when; enable, disable or run it", run=schedules,
        add_arguments=_add_arguments,
    ),
)  # fmt: skip
