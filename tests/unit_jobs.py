"""Sample jobs of the engine's own tests: odd backoffs, atomic counting, broken transactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection

from queues.arguments import Arguments
from queues.outcomes import RateLimited, Snooze
from queues.registry import handles
from tests.jobs import QUEUE

if TYPE_CHECKING:
    from queues.context import Context


@dataclass(frozen=True, kw_only=True)
class Count(Arguments):
    """Write a row and count to nine, as one; then do something."""

    kind: ClassVar[str] = "tests.count"
    then: str = ""


@handles(Count, queue=QUEUE, atomic=True, attempts=2, backoff=0)
def count(arguments: Count, context: Context) -> None:
    get_user_model().objects.create_user(f"counted-{context.job_id}")
    for done in range(10):
        context.progress(done, 9, "counted")
    if arguments.then == "raise":
        raise ValueError("no luck")
    if arguments.then == "snooze":
        raise Snooze(60)
    if arguments.then == "swallow":
        _break("statement")


@dataclass(frozen=True, kw_only=True)
class Breaking(Arguments):
    """Fail in the database, outside of any transaction of its own."""

    kind: ClassVar[str] = "tests.breaking"
    how: str


@handles(Breaking, queue=QUEUE, attempts=1)
def breaking(arguments: Breaking, context: Context) -> None:
    _break(arguments.how)
    raise ValueError("broken")


def _break(how: str) -> None:
    """Make a statement fail, and go on as if it had not."""
    try:
        if how == "orm":
            for _ in range(2):
                get_user_model().objects.create_user("twice")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    except DatabaseError:
        return


@dataclass(frozen=True, kw_only=True)
class Owned(Arguments):
    """Somebody's job, with a name for people."""

    kind: ClassVar[str] = "tests.owned"
    user: str

    @property
    def job_name(self) -> str:
        return f"for {self.user}"

    @property
    def owner(self) -> str:
        return self.user


@handles(Owned, queue=QUEUE)
def owned(arguments: Owned, context: Context) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Vague(Arguments):
    """Fail, and have a backoff function that returns anything."""

    kind: ClassVar[str] = "tests.vague"
    answer: str


ANSWERS = {
    "nan": float("nan"),
    "inf": float("inf"),
    "nothing": None,
    "text": "soon",
    "negative": -5,
    "never": -1,
    "truth": True,
    "ages": 10**30,
}


def vague_backoff(failures: int, error: BaseException) -> Any:
    if str(error) == "exit":
        raise SystemExit(1)
    return ANSWERS[str(error)]


@handles(Vague, queue=QUEUE, attempts=3, backoff=vague_backoff)
def vague(arguments: Vague, context: Context) -> None:
    raise ValueError(arguments.answer)


@dataclass(frozen=True, kw_only=True)
class Hosted(Arguments):
    """A job of another queue that speaks to a host."""

    kind: ClassVar[str] = "tests.hosted"
    host: str

    @property
    def limit_key(self) -> str:
        return f"host:{self.host}"


@handles(Hosted, queue="notifications")
def hosted(arguments: Hosted, context: Context) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Limited(Arguments):
    """Find that the other side wants to be left alone, if there are seconds."""

    kind: ClassVar[str] = "tests.limited"
    seconds: float
    key: str = ""


@handles(Limited, queue=QUEUE)
def limited(arguments: Limited, context: Context) -> None:
    if arguments.seconds:
        raise RateLimited(arguments.seconds, arguments.key)


@dataclass(frozen=True, kw_only=True)
class Nameless(Arguments):
    """No kind, so nobody can handle it."""


@dataclass(frozen=True, kw_only=True)
class Heavy(Arguments):
    """A field that cannot travel."""

    kind: ClassVar[str] = "tests.heavy"
    load: bytes
