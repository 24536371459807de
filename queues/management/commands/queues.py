"""`manage.py queues`: looking at jobs and queues, and the verbs of operators, in a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style

from queues.audit import Door, acting_as, terminal_user
from queues.cli.console import Console, RefusedError, UsageError, document
from queues.cli.subcommands import SUBCOMMANDS
from queues.control import ControlError
from queues.database import AWAY, database_now
from queues.filters import FilterError
from queues.transport.client import RedisError

if TYPE_CHECKING:
    from queues.cli.console import Answer

DONE, REFUSED, USAGE = 0, 1, 2
INTERRUPTED = 130
WIDTH = 80


class Parser(CommandParser):
    """Says what is wrong with a subcommand's words in JSON too, where that is asked for."""

    def error(self, message: str) -> Any:
        """End with code 2."""
        if self.called_from_command_line and "--json" in sys.argv:
            print(_problem(message))
        return super().error(message)


class Command(BaseCommand):
    """One command with many words; each is a small module of `queues.cli`.

    Ends with 0 when it is done, 1 when something was refused or not there, 2 for words that make
    no command, 130 after Ctrl-C.
    """

    help = "Shows jobs and queues, and does the verbs of operators. `queues WORD --help` says more."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add each subcommand with its options."""
        words = parser.add_subparsers(
            dest="subcommand", required=True, metavar="WORD", parser_class=Parser
        )
        for one in SUBCOMMANDS.values():
            mine = words.add_parser(one.name, help=one.help, description=one.help)
            mine.add_argument("--json", action="store_true", help="one JSON document")
            one.add_arguments(mine)

    def run_from_argv(self, argv: list[str]) -> None:
        """End quietly when whoever reads this has gone, as `head` does."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            super().run_from_argv(argv)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python would say so once more when it closes the stream.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run a subcommand as whoever is logged in, and write its answer."""
        try:
            with acting_as(terminal_user(), Door.CLI, options.get("reason", "")):
                answer = SUBCOMMANDS[options["subcommand"]].run(options, self._console(options))
        except (UsageError, FilterError) as error:
            self._refuse(str(error), options, USAGE)
        except (RefusedError, ControlError) as error:
            self._refuse(str(error), options, REFUSED)
        except RedisError as error:
            self._refuse(f"Redis does not answer ({type(error).__name__}).", options, REFUSED)
        except AWAY as error:
            self._refuse(f"Postgres does not answer ({type(error).__name__}).", options, REFUSED)
        if answer is not None:
            self._write(answer, options)

    def _console(self, options: dict[str, Any]) -> Console:
        is_terminal = self.stdout.isatty()
        may_ask = is_terminal and sys.stdin.isatty() and not options["json"]
        return Console(
            say=self._say,
            ask=_ask if may_ask else None,
            style=self.style if is_terminal or options["force_color"] else no_style(),
            width=shutil.get_terminal_size().columns if is_terminal else WIDTH,
            wants_json=options["json"],
            now=database_now(),
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _write(self, answer: Answer, options: dict[str, Any]) -> None:
        for line in [document(answer.data)] if options["json"] else answer.lines:
            self.stdout.write(line)
        if answer.refused:
            raise CommandError("\n".join(answer.refused), returncode=REFUSED)

    def _refuse(self, message: str, options: dict[str, Any], code: int) -> NoReturn:
        if options["json"]:
            self.stdout.write(_problem(message))
        raise CommandError(message, returncode=code)


def _problem(message: str) -> str:
    return document({"error": {"message": message}})


def _ask(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False
