"""Emptying the tables between tests that commit. Most tests fill few of many tables.

Django truncates all of them, each with its indexes, which takes longer than most tests do.
"""

from __future__ import annotations

from django.db.backends.postgresql.operations import DatabaseOperations

truncate = DatabaseOperations.sql_flush


def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
    """Return the statement that empties those of the tables that have rows."""
    # Names of tables, from Django.
    looks = [f"(SELECT '{table}' FROM {self.quote_name(table)} LIMIT 1)" for table in tables]  # noqa: S608
    with self.connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks))
        filled = [table for (table,) in cursor.fetchall()]
    # An empty table that refers to one of them would forbid it.
    return truncate(self, style, filled, reset_sequences=reset_sequences, allow_cascade=True)
