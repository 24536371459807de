"""Sample jobs that harm their worker, and jobs that suffer from it."""

from __future__ import annotations

import ctypes
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from queues.arguments import Arguments
from queues.outcomes import Snooze
from queues.registry import handles
from tests.jobs import QUEUE, note_down

if TYPE_CHECKING:
    from queues.context import Context


@dataclass(frozen=True, kw_only=True)
class Poll(Arguments):
    """Write a line, linger, and snooze for ever."""

    kind: ClassVar[str] = "tests.poll"
    path: str
    seconds: float


@handles(Poll, queue=QUEUE, attempts=1)
def poll(arguments: Poll, context: Context) -> None:
    note_down(arguments.path, "begun")
    time.sleep(arguments.seconds)
    raise Snooze(0.05)


@dataclass(frozen=True, kw_only=True)
class Poison(Arguments):
    """End the whole process in which it runs."""

    kind: ClassVar[str] = "tests.poison"
    how: str
    path: str = "/dev/null"


DEATHS = {"exit": lambda: os._exit(1), "segfault": lambda: ctypes.string_at(0)}


@handles(Poison, queue=QUEUE, attempts=3, backoff=0)
def poison(arguments: Poison, context: Context) -> None:
    note_down(arguments.path, str(context.job_id))
    DEATHS[arguments.how]()


@dataclass(frozen=True, kw_only=True)
class Hog(Arguments):
    """Match a regular expression that holds the interpreter's lock for some seconds."""

    kind: ClassVar[str] = "tests.hog"
    path: str
    seconds: float


@handles(Hog, queue=QUEUE, attempts=1)
def hog(arguments: Hog, context: Context) -> str:
    note_down(arguments.path, "begun")
    length, took = 16, 0.0
    # Twice as long for each letter more: the last one holds the lock for half the time or more.
    while took < arguments.seconds:
        began = time.monotonic()
        re.match(r"(a+)+$", "a" * length + "b")
        length, took = length + 1, time.monotonic() - began
    note_down(arguments.path, "over")
    return "over"
