"""What subcommands are given to answer with, and what they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder

from queues.cli.tables import table
from queues.cli.times import relative
from queues.states import State

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from django.core.management.color import Style

    Options = Mapping[str, Any]


class UsageError(ValueError):
    """Words that make no command; the message says what is allowed."""


class RefusedError(ValueError):
    """Something that cannot be done, or is not there; the message says what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a subcommand found or did: `data` for machines, `lines` for people.

    `refused` has a message for each part that could not be done.
    """

    data: object
    lines: Sequence[str]
    refused: Sequence[str] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Console:
    """Who is at the other end. `ask` is there only where somebody can be asked.

    `say` writes a line at once, `now` is Postgres' time.
    """

    say: Callable[[str], object]
    ask: Callable[[str], bool] | None
    style: Style
    width: int
    wants_json: bool
    now: datetime

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
        """Return the lines of a table, with states in their colours."""
        paint = {
            State.ACTIVE.value: self.style.HTTP_NOT_MODIFIED,
            State.COMPLETED.value: self.style.SUCCESS,
            State.DELAYED.value: self.style.WARNING,
            State.FAILED.value: self.style.ERROR,
            "paused": self.style.WARNING,
            "stopped beating": self.style.ERROR,
        }
        paint |= dict.fromkeys(headers, self.style.MIGRATE_HEADING)
        return table(headers, rows, width=self.width, paint=paint)

    def when(self, moment: datetime | None) -> str:
        """Return how long ago that was, or how soon it will be."""
        return relative(moment, self.now)


def _add_nothing(parser: ArgumentParser) -> None:
    """Take no options."""


@dataclass(frozen=True, kw_only=True)
class Subcommand:
    """One word of `manage.py queues`: its options, and what it does with them.

    `run` returns None where it has said all there is. It raises UsageError, RefusedError, and what
    the services that it calls raise.
    """

    name: str
    help: str
    run: Callable[[Options, Console], Answer | None]
    add_arguments: Callable[[ArgumentParser], object] = _add_nothing


def jobs_in_words(count: int) -> str:
    """Return `1 job` or `5 jobs`."""
    return f"{count} job" if count == 1 else f"{count} jobs"


def document(data: object) -> str:
    """Return one line of JSON, in ASCII, so that it goes through every terminal."""
    return json.dumps(data, cls=DjangoJSONEncoder)
