"""Sample jobs for the whole of a job's life: atomic, in a process, picky about errors."""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from queues.arguments import Arguments
from queues.enqueue import enqueue
from queues.outcomes import Fail, Snooze
from queues.registry import handles
from tests.jobs import QUEUE, Note, note_down

if TYPE_CHECKING:
    from queues.context import Context


@dataclass(frozen=True, kw_only=True)
class Sign(Arguments):
    """Write a row, enqueue another job, and then do something."""

    kind: ClassVar[str] = "tests.sign"
    then: str = ""


@handles(Sign, queue=QUEUE, atomic=True, attempts=2, backoff=0)
def sign(arguments: Sign, context: Context) -> str:
    get_user_model().objects.create_user(f"signed-{context.job_id}")
    enqueue(Note(path="/dev/null", text="follows"))
    if arguments.then == "raise":
        raise ValueError("no luck")
    if arguments.then == "snooze":
        raise Snooze(60)
    if arguments.then == "cancel":
        _cancel_from_outside(context.job_id)
    if arguments.then == "set rollback":
        transaction.set_rollback(True)
    if arguments.then == "break":
        # A deferred constraint: it fails when the transaction is committed.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(
                "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (987654321, 987654321)"
            )
    return "signed"


def _cancel_from_outside(job_id: int) -> None:
    from queues import control  # noqa: PLC0415
    from tests.threads import in_thread  # noqa: PLC0415

    in_thread(lambda: control.cancel(job_id))


@dataclass(frozen=True, kw_only=True)
class Picky(Arguments):
    """Raise one of three errors."""

    kind: ClassVar[str] = "tests.picky"
    error: str


ERRORS = {"lookup": LookupError, "key": KeyError, "value": ValueError}


def own_backoff(failures: int, error: BaseException) -> int:
    if isinstance(error, KeyError):
        raise TypeError("a backoff that raises")
    return failures * 7_000


@handles(Picky, queue=QUEUE, attempts=4, timeout=77, backoff=own_backoff, retry_on=(LookupError,))
def picky(arguments: Picky, context: Context) -> None:
    raise ERRORS[arguments.error]


@dataclass(frozen=True, kw_only=True)
class Careful(Arguments):
    """Never tried again after a ValueError."""

    kind: ClassVar[str] = "tests.careful"
    error: str


@handles(Careful, queue=QUEUE, attempts=3, backoff=0, never_on=(ValueError,))
def careful(arguments: Careful, context: Context) -> None:
    raise ERRORS[arguments.error]


@dataclass(frozen=True, kw_only=True)
class Apart(Arguments):
    """Do something in a process of its own."""

    kind: ClassVar[str] = "tests.apart"
    what: str
    path: str = "/dev/null"


@handles(Apart, queue=QUEUE, run_in="process", memory_mb=600, attempts=2, backoff=0, timeout=60)
def apart(arguments: Apart, context: Context) -> object:
    note_down(arguments.path, f"{os.getpid()}")
    context.progress(1, 2, "half")
    context.log("from the child")
    return DEEDS[arguments.what]()


def return_a_class_of_its_own() -> dict[str, int]:
    class Odd(dict[str, int]):
        """JSON, and yet no pickle."""

    return Odd(answer=42)


def swallow_everything() -> None:
    while True:
        with suppress(Exception):
            time.sleep(0.05)


def _raise(error: BaseException) -> None:
    raise error


DEEDS = {
    "return": os.getpid,
    "raise": lambda: _raise(ValueError("no luck")),
    "fail": lambda: _raise(Fail("never")),
    "snooze": lambda: _raise(Snooze(60)),
    "odd": return_a_class_of_its_own,
    "loop": swallow_everything,
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "hog": lambda: len(bytearray(2_000_000_000)),
    "count": Session.objects.count,
}


@dataclass(frozen=True, kw_only=True)
class Linger(Arguments):
    """Go on for some seconds; listen for a cancellation, or not."""

    kind: ClassVar[str] = "tests.linger"
    path: str
    seconds: float
    listens: bool = True


@handles(Linger, queue=QUEUE, attempts=1, timeout=60)
def linger(arguments: Linger, context: Context) -> str:
    note_down(arguments.path, "begun")
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        context.progress(1, 10, "lingering")
        if arguments.listens and context.cancelled:
            note_down(arguments.path, "heard")
            context.log("too late")
            context.progress(9, 10, "too late")
            with suppress(Exception):
                context.once("late", lambda key: note_down(arguments.path, key))
            return "stopped"
        time.sleep(0.02)
    note_down(arguments.path, "over")
    return "over"


@dataclass(frozen=True, kw_only=True)
class Doze(Arguments):
    """Snooze once, then write a line."""

    kind: ClassVar[str] = "tests.doze"
    path: str
    text: str = ""


@handles(Doze, queue="user-actions")
def doze(arguments: Doze, context: Context) -> None:
    if context.token == 1:
        raise Snooze(0.3)
    note_down(arguments.path, arguments.text)


@dataclass(frozen=True, kw_only=True)
class Await(Arguments):
    """Report progress twice in a row, and go on once the file `path`.go is there."""

    kind: ClassVar[str] = "tests.await"
    path: str


@dataclass(frozen=True, kw_only=True)
class AwaitApart(Await):
    """The same, in a process."""

    kind: ClassVar[str] = "tests.await_apart"


@dataclass(frozen=True, kw_only=True)
class AwaitAtomic(Await):
    """The same, in a transaction."""

    kind: ClassVar[str] = "tests.await_atomic"


@handles(Await, queue=QUEUE, attempts=1, timeout=60)
def await_file(arguments: Await, context: Context) -> str:
    context.progress(1, 2)
    # Held back, for the first was written just now.
    context.progress(2, 2, "last")
    context.log("waits")
    note_down(arguments.path, "begun")
    while not Path(arguments.path + ".go").exists():
        time.sleep(0.02)
    return "went"


handles(AwaitApart, queue=QUEUE, attempts=1, timeout=60, run_in="process")(await_file)
handles(AwaitAtomic, queue=QUEUE, attempts=1, timeout=60, atomic=True)(await_file)


@dataclass(frozen=True, kw_only=True)
class Ledgered(Arguments):
    """Write down when it begins, work for some seconds, and write down when it ends."""

    kind: ClassVar[str] = "tests.ledgered"
    path: str
    key: str
    seconds: float = 0


@handles(Ledgered, queue=QUEUE)
def ledgered(arguments: Ledgered, context: Context) -> None:
    def write(word: str) -> None:
        who = f"{arguments.key} {context.job_id} {os.getpid()}"
        note_down(arguments.path, f"{time.time_ns()} {word} {who}")

    write("start")
    if arguments.seconds:
        time.sleep(arguments.seconds)
    write("end")
