"""Running a statement of `queues.statements` and reading its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Mapping


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
