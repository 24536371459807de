"""Sample jobs that hold locks for a while, or that others hold up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from queues.arguments import Arguments
from queues.enqueue import enqueue
from queues.outcomes import RateLimited
from queues.registry import handles
from queues.unique import Mode, Unique
from tests.jobs import QUEUE, note_down

if TYPE_CHECKING:
    from queues.context import Context


@dataclass(frozen=True, kw_only=True)
class Index(Arguments):
    """Write a line, and go on once the file `path`.go is there."""

    kind: ClassVar[str] = "tests.index"
    path: str


@handles(Index, queue=QUEUE, timeout=60)
def index(arguments: Index, context: Context) -> None:
    note_down(arguments.path, "indexes")
    _wait_for(arguments.path + ".go")


@dataclass(frozen=True, kw_only=True)
class Ask(Arguments):
    """Ask for an `Index` in a transaction, which goes on until the file `path`.asked is there."""

    kind: ClassVar[str] = "tests.ask_for_index"
    path: str


@handles(Ask, queue="notifications", atomic=True, timeout=60)
def ask(arguments: Ask, context: Context) -> None:
    job = enqueue(Index(path=arguments.path), unique=Unique(key="k", mode=Mode.KEEP_LAST))
    note_down(arguments.path, f"asked: {job.answer}")
    _wait_for(arguments.path + ".asked")


@dataclass(frozen=True, kw_only=True)
class Refused(Arguments):
    """Write a line, and find that the other side wants to be left alone for a minute."""

    kind: ClassVar[str] = "tests.refused"
    path: str


@handles(Refused, queue=QUEUE)
def refused(arguments: Refused, context: Context) -> None:
    note_down(arguments.path, "asks")
    raise RateLimited(60)


def _wait_for(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)
