"""`queues jobs`: the jobs of a filter, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues.cli.console import Answer, Subcommand, UsageError, jobs_in_words
from queues.cli.shapes import job_in_short
from queues.cli.words import add_filter, job_filter

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from queues.cli.console import Console, Options
    from queues.models import Job

USUAL: Final = 20
MOST: Final = 1000
# Further than that nobody counts: it would take as long as reading all of them.
MOST_COUNTED: Final = 10_000


def _add_arguments(parser: ArgumentParser) -> None:
    add_filter(parser)
    parser.add_argument("--limit", type=int, default=USUAL, help=f"1 to {MOST}; usually {USUAL}")
    parser.add_argument("--before", type=int, metavar="ID", help="only jobs with a smaller id")


def jobs(options: Options, console: Console) -> Answer:
    """Answer with some jobs, and with how many there are."""
    if not 1 <= options["limit"] <= MOST:
        raise UsageError(f"--limit is {options['limit']}; allowed: 1 to {MOST}.")
    wanted = job_filter(options["words"])
    found = wanted.queryset().order_by("-id")
    if options["before"] is not None:
        found = found.filter(pk__lt=options["before"])
    rows = list(found[: options["limit"]])
    count = wanted.count(up_to=MOST_COUNTED)
    return Answer(
        data={
            "jobs": [job_in_short(job) for job in rows],
            "count": count,
            "countIsCapped": count >= MOST_COUNTED,
        },
        lines=[*listing(rows, console), _summary(len(rows), count)],
    )


def listing(rows: Sequence[Job], console: Console) -> list[str]:
    """Return the lines of a table of jobs; none without jobs."""
    if not rows:
        return []
    headers = ["ID", "STATE", "QUEUE", "NAME", "TRY", "WHEN", "ERROR"]
    return console.table(headers, [_row(job, console) for job in rows])


def _row(job: Job, console: Console) -> list[object]:
    when = job.finished_at or (job.started_at if job.state == "active" else job.run_at)
    tries = f"{job.attempt}/{job.max_attempts}"
    error = job.error_message or job.error_class
    return [job.pk, job.state, job.queue, job.name or job.kind, tries, console.when(when), error]


def _summary(shown: int, count: int) -> str:
    if not count:
        return "No job fits."
    more = "more than " if count >= MOST_COUNTED else ""
    return f"{shown} of {more}{jobs_in_words(count)}."


SUBCOMMANDS = (
    Subcommand(
        name="jobs", help="the jobs of a filter, newest first", run=jobs,
        add_arguments=_add_arguments,
    ),
)  # fmt: skip
