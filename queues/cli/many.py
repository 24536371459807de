"""A verb for all jobs of a filter: shown first, asked about, then begun as one operation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from queues import bulk
from queues.cli.asking import insist
from queues.cli.console import Answer, UsageError, jobs_in_words
from queues.cli.jobs import listing
from queues.cli.shapes import job_in_short
from queues.cli.shapes import operation as as_json
from queues.models import Operation

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.bulk import Preview
    from queues.cli.console import Console, Options
    from queues.filters import JobFilter

SHOWN: Final = 5
POLL_SECONDS: Final = 0.2


def add_wait(parser: ArgumentParser) -> None:
    """Take whether to stay until it is done."""
    parser.add_argument("--wait", action="store_true", help="stay until the operation has ended")


def by_filter(
    verb: str, wanted: JobFilter, value: int | None, options: Options, console: Console
) -> Answer:
    """Say what would be done; begin it if that is meant. Raises ControlError, and RefusedError."""
    if verb == "retry-once":
        raise UsageError("--once is for ids of jobs; allowed with a filter: retry.")
    shown = bulk.preview(verb, wanted, value)
    sample = listing(shown.sample[:SHOWN], console)
    sentence = _sentence(verb, shown)
    if options["dry_run"]:
        return Answer(data=_dry(verb, wanted, shown), lines=[*sample, sentence])
    if console.ask and not options["yes"]:
        console.say("\n".join(sample))
    insist(sentence, options, console)
    operation = bulk.begin(verb, wanted, value)
    if options["wait"]:
        return _ended(_wait(operation, console))
    begun = f"Operation {operation.pk} has begun; job {operation.job_id} carries it out."
    return Answer(data={"operation": as_json(operation)}, lines=[begun])


def _sentence(verb: str, shown: Preview) -> str:
    states = ", ".join(f"{count} {state}" for state, count in shown.by_state.items())
    words = [f"{verb}: {jobs_in_words(shown.count)}{f' ({states})' if states else ''}."]
    if shown.passed_over:
        words.append(f"{shown.passed_over} of them will be passed over.")
    return " ".join(words)


def _dry(verb: str, wanted: JobFilter, shown: Preview) -> dict[str, object]:
    return {
        "isDryRun": True,
        "verb": verb,
        "filter": wanted.as_words(),
        "count": shown.count,
        "byState": shown.by_state,
        "passedOver": shown.passed_over,
        "sample": [job_in_short(job) for job in shown.sample],
    }


def _wait(operation: Operation, console: Console) -> Operation:
    """Say how far it is, until it has ended; that may need a worker."""
    said = None
    while operation.state == Operation.State.RUNNING:
        looked_at = operation.done + operation.passed_over
        if looked_at != said and not console.wants_json:
            console.say(f"Operation {operation.pk}: {looked_at} of {operation.total}")
        said = looked_at
        time.sleep(POLL_SECONDS)
        operation.refresh_from_db()
    return operation


def _ended(operation: Operation) -> Answer:
    words = (
        f"Operation {operation.pk} is {operation.state}: {operation.done} of "
        f"{jobs_in_words(operation.total)}, {operation.passed_over} passed over."
    )
    is_done = operation.state == Operation.State.DONE
    refused = [] if is_done else [f"Operation {operation.pk} was stopped; to go on, retry its job."]
    return Answer(data={"operation": as_json(operation)}, lines=[words], refused=refused)
