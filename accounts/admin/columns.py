"""Columns that nobody may guess at, letter by letter, through the filters of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues.admin.listing import CarefulList

if TYPE_CHECKING:
    from django.http import HttpRequest

SECRET: Final = frozenset({"sealed_token", "digest", "password", "password_digest"})


class GuardedList(CarefulList):
    """For an admin class: its list is filtered by no secret column, of whatever table."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what `CarefulList` does, unless it is about a secret."""
        return SECRET.isdisjoint(lookup.split("__")) and super().lookup_allowed(
            lookup, value, request
        )
