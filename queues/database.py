"""Running a statement of `queues.statements` and reading its rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

# Postgres is gone, or was made read-only by a failover (which is an InternalError).
AWAY: Final = (OperationalError, InterfaceError, InternalError)
AGAIN_SECONDS: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def fetch(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows, in the caller's transaction if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute(statement: str, params: Mapping[str, Any]) -> int:
    """Run a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def persist(writing: Callable[[], T]) -> T:
    """Write, again and again for 16 s while the database is away. Not within a transaction."""
    for seconds in AGAIN_SECONDS:
        try:
            return writing()
        except AWAY:
            connection.close()
            time.sleep(seconds)
    return writing()
