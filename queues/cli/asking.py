"""Being asked before much is changed: by a question, or by `--yes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues.cli.console import RefusedError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options


def add_reason(parser: ArgumentParser) -> None:
    """Take what the audit trail shall say about why."""
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the audit trail")


def add_yes(parser: ArgumentParser) -> None:
    """Take the answer beforehand."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, no more")


def insist(sentence: str, options: Options, console: Console) -> None:
    """Return if it shall be done, else raise RefusedError. `sentence` says what it is."""
    if options["yes"]:
        return
    if console.ask is None:
        raise RefusedError(f"{sentence} Nothing is done; say --yes to do it.")
    if not console.ask(f"{sentence} Do it? [y/N] "):
        raise RefusedError("Nothing is done.")
