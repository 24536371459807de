"""Who waits for a lock in Postgres."""

from __future__ import annotations

from django.db import connection


def somebody_waits_for_a_lock():
    """Is there anybody? Not by pg_stat_activity, which shows a transaction one picture for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None
