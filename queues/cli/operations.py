"""`queues operations`: verbs for many jobs, how far they are, and stopping or undoing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues import bulk
from queues.cli import shapes
from queues.cli.asking import add_reason
from queues.cli.console import Answer, Subcommand, UsageError
from queues.cli.words import job_id
from queues.models import Operation

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options

MOST: Final = 20
VERBS: Final = ("stop", "undo")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=VERBS, metavar="stop|undo")
    parser.add_argument("id", nargs="?", metavar="ID", help="of an operation")
    add_reason(parser)


def operations(options: Options, console: Console) -> Answer:
    """Answer with the newest operations, or stop or undo one."""
    verb = options["verb"]
    if verb is None:
        return _list(console)
    if options["id"] is None:
        raise UsageError(f"ID is missing; allowed: operations {verb} ID.")
    id_ = job_id(options["id"])
    if verb == "stop":
        return _about(bulk.stop(id_), f"Operation {id_} stops.")
    undoing = bulk.undo(id_)
    return _about(undoing, f"Operation {undoing.pk} undoes operation {id_}.")


def _list(console: Console) -> Answer:
    rows = list(Operation.objects.all()[:MOST])
    headers = ["ID", "VERB", "STATE", "TOTAL", "DONE", "PASSED", "BY", "BEGUN"]
    return Answer(
        data={"operations": [shapes.operation(row) for row in rows]},
        lines=console.table(headers, [_row(row, console) for row in rows])
        if rows
        else ["There is no operation."],
    )


def _row(row: Operation, console: Console) -> list[object]:
    counts = [row.total, row.done, row.passed_over]
    return [row.pk, row.verb, row.state, *counts, row.actor, console.when(row.created_at)]


def _about(row: Operation, words: str) -> Answer:
    return Answer(data={"operation": shapes.operation(row)}, lines=[words])


SUBCOMMANDS = (
    Subcommand(
        name="operations", help="verbs for many jobs; stop or undo one", run=operations,
        add_arguments=_add_arguments,
    ),
)  # fmt: skip
