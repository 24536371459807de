"""Sample jobs. What they did is read from files, so that it can be seen across processes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from django.db import connection, transaction

from queues.arguments import Arguments
from queues.context import Context  # noqa: TC001  (read by nobody, named for the reader)
from queues.outcomes import Fail, Snooze
from queues.registry import handles

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE = "content-aggregation"


@dataclass(frozen=True, kw_only=True)
class Note(Arguments):
    """Write a line, work for some seconds, write another."""

    kind: ClassVar[str] = "tests.note"
    path: str
    text: str = ""
    seconds: float = 0


@dataclass(frozen=True, kw_only=True)
class Act(Arguments):
    """Do one of the things that a handler can do."""

    kind: ClassVar[str] = "tests.act"
    what: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Flaky(Arguments):
    """Fail until the file has as many lines as the job shall fail."""

    kind: ClassVar[str] = "tests.flaky"
    path: str
    failures: int


@dataclass(frozen=True, kw_only=True)
class Notify(Arguments):
    """A job of another queue."""

    kind: ClassVar[str] = "tests.notify"
    path: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Mine(Arguments):
    """Write whose it is, and work for some seconds."""

    kind: ClassVar[str] = "tests.mine"
    path: str
    user: str
    number: int = 0
    seconds: float = 0

    @property
    def owner(self) -> str:
        return self.user


@dataclass(frozen=True, kw_only=True)
class Unregistered(Arguments):
    """A kind that nobody handles."""

    kind: ClassVar[str] = "tests.unregistered"


def note_down(path: str, line: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def lines(path) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@handles(Note, queue=QUEUE)
def note(arguments: Note, context: Context) -> str:
    note_down(arguments.path, f"start {arguments.text}")
    if arguments.seconds:
        time.sleep(arguments.seconds)
    note_down(arguments.path, f"end {arguments.text}")
    return arguments.text


@handles(Mine, queue=QUEUE)
def mine(arguments: Mine, context: Context) -> None:
    note_down(arguments.path, f"{arguments.user} {arguments.number}")
    time.sleep(arguments.seconds)


@handles(Notify, queue="notifications")
def notify(arguments: Notify, context: Context) -> None:
    note_down(arguments.path, arguments.text)


@handles(Flaky, queue=QUEUE)
def flaky(arguments: Flaky, context: Context) -> int:
    note_down(arguments.path, str(time.time()))
    if context.attempt <= arguments.failures:
        raise ConnectionError("not yet")
    return context.attempt


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def _leave_autocommit_off():
    transaction.set_autocommit(False)
    return "done"


def _begin_in_sql():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
    return "done"


ACTIONS = {
    "begin in sql": lambda _: _begin_in_sql(),
    "return": lambda text: {"echo": text},
    "return set": lambda _: {1, 2},
    "return nan": lambda _: float("nan"),
    "return nul": lambda _: "a\x00b",
    "return huge": lambda _: "x" * 70_000,
    "autocommit off": lambda _: _leave_autocommit_off(),
}
ERRORS: dict[str, Callable[[str], BaseException]] = {
    "raise": ValueError,
    "exit": SystemExit,
    "fail": Fail,
    "raise odd text": lambda _: ValueError("a\ud800\x00b"),
    "cancelled task": lambda _: asyncio.CancelledError(),
    "interrupt": lambda _: KeyboardInterrupt(),
    "unprintable": UnprintableError,
    "snooze": lambda text: Snooze(float(text)),
}


@handles(Act, queue=QUEUE)
def act(arguments: Act, context: Context) -> object:
    if arguments.what in ERRORS:
        raise ERRORS[arguments.what](arguments.text)
    return ACTIONS[arguments.what](arguments.text)
