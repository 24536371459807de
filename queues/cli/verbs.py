"""`queues retry`, `cancel`, `promote`, `priority` and `remove`: verbs for jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from queues.cli.asking import add_reason, add_yes
from queues.cli.console import Answer, Subcommand
from queues.cli.many import add_wait, by_filter
from queues.cli.words import TARGET_HELP, add_filter, target
from queues.control import ControlError
from queues.filters import JobFilter
from queues.operations import JOB_VERBS, whole

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from queues.cli.console import Console, Options


def _add_arguments(parser: ArgumentParser) -> None:
    add_filter(parser, nargs="+", text=TARGET_HELP)
    add_yes(parser)
    add_wait(parser)
    add_reason(parser)


def _add_retry(parser: ArgumentParser) -> None:
    _add_arguments(parser)
    parser.add_argument("--once", action="store_true", help="one attempt more instead of all")


def _add_priority(parser: ArgumentParser) -> None:
    _add_arguments(parser)
    parser.add_argument("--to", required=True, metavar="N", help="0 goes first")


def apply(verb: str, options: Options, console: Console) -> Answer:
    """Do a verb of `queues.operations` to jobs: at once by id, or as one operation by filter."""
    verb = "retry-once" if options.get("once") else verb
    text = options.get("to")
    value = None if text is None else whole("--to", text)
    wanted = target(options["words"])
    if isinstance(wanted, JobFilter):
        return by_filter(verb, wanted, value, options, console)
    if options["dry_run"]:
        return by_filter(verb, JobFilter(ids=tuple(wanted)), value, options, console)
    return _by_id(verb, wanted, text or "")


def _by_id(verb: str, ids: Sequence[int], value: str) -> Answer:
    done: list[int] = []
    refused: list[dict[str, Any]] = []
    for id_ in ids:
        try:
            JOB_VERBS[verb].apply(id_, value)
            done.append(id_)
        except ControlError as error:
            refused.append({"id": id_, "message": str(error)})
    return Answer(
        data={"verb": verb, "done": done, "refused": refused},
        lines=[f"Job {id_} {JOB_VERBS[verb].done}." for id_ in done],
        refused=[one["message"] for one in refused],
    )


def _subcommand(name: str, text: str, add_arguments: Any = _add_arguments) -> Subcommand:
    return Subcommand(name=name, help=text, run=partial(apply, name), add_arguments=add_arguments)


SUBCOMMANDS = (
    _subcommand("retry", "let finished jobs wait again", _add_retry),
    _subcommand("cancel", "end jobs that are not finished"),
    _subcommand("promote", "let delayed jobs wait now"),
    _subcommand("priority", "change the priority of jobs that have not begun", _add_priority),
    _subcommand("remove", "delete jobs that do not run"),
)
