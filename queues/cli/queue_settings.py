"""`queues pause`, `resume`, `cap`, `slots`, `rate`, `fair` and `first-come`: how queues run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from queues.cli.asking import add_reason
from queues.cli.console import Answer, Subcommand
from queues.cli.words import known_queues
from queues.control import ControlError
from queues.operations import QUEUE_VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options

NONE: Final = "none"
DONE: Final = {
    "pause": "is paused",
    "resume": "goes on",
    "cap": "has the cap {value}",
    "slots": "has {value} slots on each worker",
    "rate": "has the rate {value}",
    "fair": "lets its keys take turns",
    "first-come": "serves first what came first",
}


def _add_queues(parser: ArgumentParser) -> None:
    parser.add_argument("queues", nargs="+", metavar="QUEUE", help=known_queues())
    add_reason(parser)


def _add_value(parser: ArgumentParser) -> None:
    parser.add_argument("queues", nargs=1, metavar="QUEUE", help=known_queues())
    parser.add_argument("value", metavar="VALUE", help=f"such as 20, a rate as 300/60; or {NONE}")
    add_reason(parser)


def apply(verb: str, options: Options, console: Console) -> Answer:
    """Do a verb of `queues.operations` to queues; what one refuses, others may take."""
    value = options.get("value", "")
    done, refused = [], []
    for queue in options["queues"]:
        try:
            QUEUE_VERBS[verb](queue, "" if value == NONE else value)
            done.append(queue)
        except ControlError as error:
            refused.append(str(error))
    words = DONE[verb].format(value=value)
    return Answer(
        data={"verb": verb, "queues": done, "refused": refused},
        lines=[f"{queue} {words}." for queue in done],
        refused=refused,
    )


def _subcommand(name: str, text: str, *, takes_value: bool = False) -> Subcommand:
    add_arguments = _add_value if takes_value else _add_queues
    return Subcommand(name=name, help=text, run=partial(apply, name), add_arguments=add_arguments)


SUBCOMMANDS = (
    _subcommand("pause", "let no job of a queue begin"),
    _subcommand("resume", "undo a pause"),
    _subcommand("cap", "let so many jobs of a queue run at once", takes_value=True),
    _subcommand("slots", "let each worker run so many jobs of a queue", takes_value=True),
    _subcommand("rate", "let so many jobs of a queue begin in a time", takes_value=True),
    _subcommand("fair", "let the keys of a queue take turns"),
    _subcommand("first-come", "undo fair"),
)
