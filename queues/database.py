"""Running a statement of `queues.statements` and reading its rows."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import wraps
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
)
from psycopg import Cursor
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from queues.conf import lease_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")

DEADLOCKS: Final = 3

# Postgres is gone, or was made read-only by a failover (which is an InternalError). A lock that is
# not to be had comes as an OperationalError too: ask `is_contended`.
AWAY: Final = (OperationalError, InterfaceError, InternalError)
# How long the engine's own connections wait for a lock. Less than Postgres' `deadlock_timeout`, so
# rings of locks among them end by this.
LOCK_SECONDS: Final = 0.5
PLANS: Final = (
    "-c plan_cache_mode=force_generic_plan -c jit=off"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)
# A server that is gone without a word is noticed within ten seconds.
KEEPALIVES: Final = {
    "keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}  # fmt: skip
AGAIN_SECONDS: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def fetch(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows, in the caller's transaction if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def fetch_prepared(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Do as `fetch` does, and have Postgres parse and plan the statement once a connection.

    For the statements of the hot path alone. Django's own cursors would write the parameters into
    the text, which is a new statement every time. Nothing is kept where the database's option
    `prepare_threshold` is None, which is what Django sets unless told otherwise.
    """
    connection.ensure_connection()
    # As Django's cursors do: a block that will be rolled back must not look as if it went well.
    connection.validate_no_broken_transaction()
    if connection.queries_logged:
        # So that Django's tools count it, which look at its own cursors alone.
        connection.queries_log.append({"sql": statement, "time": "0"})
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, params, prepare=True)
        return cursor.fetchall()


@contextmanager
def own_connection() -> Iterator[None]:
    """Give this thread a connection of its own inside of the block, for the engine's statements.

    Outside of the pool, so that handlers that hold all of it do not stop the engine; and with one
    plan for each prepared statement, by index. A plan that was made while the table was empty
    would else read all of it, again and again, once it is full.

    No lock is waited for longer than LOCK_SECONDS (see `is_contended`). A process that freezes
    within a transaction loses it, and its locks, after half a lease.
    """
    shared = connections[DEFAULT_DB_ALIAS]
    own = shared.copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["options"] = f"{options.get('options', '')} {PLANS} {_patience()}".strip()
    for name, value in KEEPALIVES.items():
        options.setdefault(name, value)
    connections[DEFAULT_DB_ALIAS] = own
    try:
        yield
    finally:
        own.close()
        connections[DEFAULT_DB_ALIAS] = shared


def _patience() -> str:
    idle_ms = round(lease_seconds() * 1000 / 2)
    lock_ms = round(LOCK_SECONDS * 1000)
    return f"-c lock_timeout={lock_ms} -c idle_in_transaction_session_timeout={idle_ms}"


def is_contended(error: BaseException) -> bool:
    """Say whether a statement failed because of somebody else's lock or transaction.

    The connection is as good as before, and trying again may help. Everything else in AWAY means
    that the connection is gone.
    """
    causes = (LockNotAvailable, DeadlockDetected, SerializationFailure)
    return isinstance(error.__cause__, causes)


def each_despite_locks(act: Callable[[V], int], items: Iterable[V]) -> int:
    """Do something to each item by itself, but for those that are locked; return the sum.

    Ends after a second or so: what is left is for the next time.
    """
    done, deadline = 0, time.monotonic() + 2 * LOCK_SECONDS
    for item in items:
        try:
            done += act(item)
        except OperationalError as error:
            if not is_contended(error):
                raise
        if time.monotonic() > deadline:
            break
    return done


def let_go(mine: Sequence[BaseDatabaseWrapper]) -> Sequence[BaseDatabaseWrapper]:
    """Give this thread's connections back to their pool; return those to use from now on.

    To ask Django for them would take as long as all the rest, and most handlers use none.
    """
    for wrapper in mine:
        if wrapper.connection is not None:
            wrapper.close()
        if wrapper.in_atomic_block:
            # Somebody began a block and never left it. Django would refuse to use it for good.
            del connections[wrapper.alias]
            return connections.all()
    return mine


def array(values: Iterable[object]) -> str:
    """Return numbers, booleans or NULLs as the text of a Postgres array.

    psycopg asks each item of a list for its type, which costs as much as the claim itself.
    """
    return "{" + ",".join(map(str, values)) + "}"


def text_array(texts: Iterable[str]) -> str:
    """Return texts as the text of a Postgres array."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return array(f'"{text}"' for text in escaped)


def execute(statement: str, params: Mapping[str, Any]) -> int:
    """Run a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def database_now() -> datetime:
    """Return Postgres' time, by which leases run out and rates open."""
    moment: datetime = fetch("SELECT clock_timestamp()", {})[0][0]
    return moment


def despite_deadlocks(verb: Callable[P, T]) -> Callable[P, T]:
    """Do a verb again, three times at most, if Postgres ended it to break a ring of locks.

    Not within a caller's transaction, which is lost then.
    """

    @wraps(verb)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(DEADLOCKS):
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                is_ring = isinstance(error.__cause__, DeadlockDetected)
                if not is_ring or connection.in_atomic_block:
                    raise
        return verb(*args, **kwargs)

    return again


def is_lost_connection(error: BaseException) -> bool:
    """Say whether an error means that the connection is gone, rather than that Postgres refused."""
    state = getattr(error.__cause__, "sqlstate", None)
    # Without a state, Postgres has said nothing; 08 and 57P0x are its last words.
    has_ended = state is None or state.startswith(("08", "57P0"))
    return isinstance(error, (OperationalError, InterfaceError)) and has_ended


def persist(writing: Callable[[], T], *, for_ever: bool = False) -> T:
    """Write, again and again for 16 s, or for ever, while the database is away.

    Not within a transaction. A lock that is not to be had is raised at once: what else there is to
    write must not wait.
    """
    for seconds in chain(AGAIN_SECONDS, repeat(1.0) if for_ever else ()):
        try:
            return writing()
        except AWAY as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise
            if not is_contended(error):
                connection.close()
            time.sleep(seconds)
    return writing()
