"""`queues events`: what happens to jobs, as it happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from queues.cli.console import Answer, RefusedError, Subcommand, UsageError, document
from queues.cli.tables import one_line
from queues.conf import events_are_on
from queues.transport.events import tail

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options
    from queues.transport.events import Event

MOST_SECONDS: Final = 86_400.0
SHOWN_IDS: Final = 5


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help="end by itself after so long"
    )


def events(options: Options, console: Console) -> Answer | None:
    """Say a line for each event, until the time is up or somebody presses Ctrl-C."""
    seconds = options["seconds"]
    if seconds is not None and not 0 <= seconds <= MOST_SECONDS:
        raise UsageError(f"--for is {seconds:g}; allowed: 0 to {MOST_SECONDS:g} seconds.")
    if not events_are_on():
        raise RefusedError("QUEUE_EVENTS is off; allowed: on.")
    try:
        for event in tail(seconds):
            console.say(document(asdict(event)) if console.wants_json else _line(event))
    except KeyboardInterrupt:
        # The usual way to end it.
        return None
    return None


def _line(event: Event) -> str:
    ids = ", ".join(map(str, event.ids[:SHOWN_IDS]))
    more = event.count - len(event.ids[:SHOWN_IDS])
    jobs = " ".join(filter(None, [ids, f"and {more} more" if more > 0 else ""]))
    return one_line(f"{event.at:%H:%M:%S} {event.queue} {event.event} {jobs}")


SUBCOMMANDS = (
    Subcommand(
        name="events", help="what happens to jobs, as it happens; --json writes a line for each",
        run=events, add_arguments=_add_arguments,
    ),
)  # fmt: skip
