"""What a field of a payload may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues.arguments import ArgumentsError

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence


class FieldError(ArgumentsError):
    """A field that is not allowed as it is. `field` is its name in Python."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


def account_key(account_id: int | None, owner: str) -> str:
    """Return what limits of an account go by, for servers count what one account asks.

    The owner is in it, so that nobody takes up another's account by naming it. Without an account
    there is no key.
    """
    return "" if account_id is None else f"account:{account_id}:{owner}"


def one_of(field: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse all but some words. Raises FieldError."""
    if value not in allowed:
        raise FieldError(field, f"is {value!r:.80}; allowed: {', '.join(allowed)}.")


def fits(field: str, value: str, pattern: re.Pattern[str], allowed: str) -> None:
    """Refuse what is not of a pattern, which `allowed` says in words. Raises FieldError."""
    if not pattern.fullmatch(value):
        raise FieldError(field, f"is {value!r:.80}; allowed: {allowed}.")


def within(field: str, value: str, most: int) -> None:
    """Refuse text that is empty or longer than `most` characters. Raises FieldError."""
    if not 0 < len(value) <= most:
        raise FieldError(field, f"has {len(value)} characters; allowed: 1 to {most}.")
