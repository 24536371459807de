"""Who waits for a lock in Postgres."""

from __future__ import annotations

from django.db import connection


def somebody_waits_for_a_lock():
    """Is there anybody, in this database? Others have their tests in databases beside it."""
    with connection.cursor() as cursor:
        # Within a transaction, pg_stat_activity would show the same picture for ever.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database()"
        )
        return cursor.fetchone() is not None
