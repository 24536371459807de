"""`queues show` and `queues explain`: one job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from queues.cli import shapes
from queues.cli.console import Answer, Subcommand
from queues.cli.tables import one_line, pairs, shown
from queues.cli.words import add_id, job_of
from queues.explain import explain

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options
    from queues.models import Attempt, Job

MOST_LINES: Final = 500


def _add_arguments(parser: ArgumentParser) -> None:
    add_id(parser)
    parser.add_argument(
        "--traceback", action="store_true", dest="tracebacks", help="with the attempts' tracebacks"
    )


def show(options: Options, console: Console) -> Answer:
    """Answer with all that is known about a job."""
    job = job_of(options["id"])
    sentence = explain(job)
    attempts = list(job.attempts.order_by("id"))
    log = list(job.log_lines.order_by("id")[:MOST_LINES])
    lines = [one_line(sentence), "", *pairs(_facts(job, console))]
    if attempts:
        headers = ["TRY", "ENDED", "WHEN", "WORKER", "ERROR"]
        rows = [_attempt(one, console) for one in attempts]
        lines += ["", *console.table(headers, rows)]
    if options["tracebacks"]:
        lines += [line for one in attempts for line in _traceback(one)]
    if log:
        lines += ["", *(f"{line.at:%H:%M:%S}  {one_line(line.text)}" for line in log)]
    data = {
        **shapes.job_in_full(job),
        "explanation": sentence,
        "attempts": [shapes.attempt(one) for one in attempts],
        "log": [shapes.log_line(line) for line in log],
    }
    return Answer(data=data, lines=lines)


def _facts(job: Job, console: Console) -> dict[str, Any]:
    facts = {
        "id": job.pk,
        "name": job.name,
        "kind": job.kind,
        "queue": job.queue,
        "state": job.state,
        "owner": job.owner,
        "attempt": f"{job.attempt} of {job.max_attempts}",
        "priority": job.priority,
        "crashes": job.crashes,
        "created": console.when(job.created_at),
        "due": console.when(job.run_at),
        "started": job.started_at and console.when(job.started_at),
        "finished": job.finished_at and console.when(job.finished_at),
        "limit key": job.limit_key,
        "unique key": job.unique_key,
        "worker": job.worker_name,
        "version": job.code_version,
        "progress": _json(job.progress),
        "payload": _json(job.payload),
        "result": _json(job.result),
        "error": " ".join(filter(None, [job.error_class, job.error_message])),
    }
    return {name: value for name, value in facts.items() if value not in {None, ""}}


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _attempt(one: Attempt, console: Console) -> list[object]:
    error = " ".join(filter(None, [one.error_class, one.error_message]))
    return [one.number, one.outcome, console.when(one.finished_at), one.worker_name, error]


def _traceback(one: Attempt) -> list[str]:
    if not one.traceback:
        return []
    lines = [shown(line.expandtabs()) for line in one.traceback.splitlines()]
    return ["", f"Attempt {one.number}:", *lines]


def explain_job(options: Options, console: Console) -> Answer:
    """Answer with one sentence about what a job waits for, or what has become of it."""
    job = job_of(options["id"])
    sentence = explain(job)
    data = {"id": job.pk, "state": job.state, "explanation": sentence}
    return Answer(data=data, lines=[one_line(sentence)])


SUBCOMMANDS = (
    Subcommand(name="show", help="all about a job", run=show, add_arguments=_add_arguments),
    Subcommand(
        name="explain", help="why a job does not run", run=explain_job, add_arguments=add_id
    ),
)
