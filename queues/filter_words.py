"""Reading the words of a filter, which are text from a query string or a command line. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from queues.digits import digits
from queues.states import State
from queues.strict_json import StrictJSONError, check_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    # Of field, word and now.
    Reader = Callable[[str, str, datetime], Any]

MAX_ID: Final = 2**63 - 1
MAX_IDS: Final = 10_000
_AGE: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATES: Final = "a date in ISO 8601, or an age such as 90s, 15m, 2h, 7d or 4w"


class FilterError(ValueError):
    """A word that is refused. `field` names it, the message says what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field


def text(most: int) -> Reader:
    """Return a reader of text of 1 to `most` characters that Postgres can store."""

    def read(field: str, word: str, now: datetime) -> str:
        try:
            check_text(word)
        except StrictJSONError as error:
            raise FilterError(field, f"is {word!r:.50}; {error}") from error
        if not 0 < len(word) <= most:
            raise _misfit(field, word, f"text of 1 to {most} characters")
        return word

    return read


def whole(most: int, least: int = 0) -> Reader:
    """Return a reader of whole numbers."""

    def read(field: str, word: str, now: datetime) -> int:
        number = digits(word, most)
        if number is None or number < least:
            raise _misfit(field, word, f"a whole number, {least} to {most}")
        return number

    return read


def ids(field: str, word: str, now: datetime) -> tuple[int, ...]:
    """Read ids with commas between; return each once, in order."""
    parts = word.split(",")
    if len(parts) > MAX_IDS:
        raise FilterError(field, f"has {len(parts)} of them; allowed: {MAX_IDS}.")
    read = whole(MAX_ID, 1)
    return tuple(sorted({read(field, part.strip(), now) for part in parts}))


def states(field: str, word: str, now: datetime) -> tuple[State, ...]:
    """Read states with commas between; return each once, in the order of a job's life."""
    names = {name.strip() for name in word.split(",")}
    if names - set(State):
        raise _misfit(field, word, f"{', '.join(State)}, with commas between")
    return tuple(state for state in State if state in names)


def moment(field: str, word: str, now: datetime) -> datetime:
    """Read a date, or an age counted back from `now`. A date without a zone is in UTC."""
    try:
        if age := _AGE.fullmatch(word):
            return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        date = datetime.fromisoformat(word)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _misfit(field, word, _DATES) from error


def yes(field: str, word: str, now: datetime) -> bool:
    """Read the one word that a flag may be."""
    if word != "yes":
        raise _misfit(field, word, "yes")
    return True


def write(value: object) -> str:
    """Return the word that is read as `value`."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "yes" if value is True else str(value)


def _misfit(field: str, word: str, allowed: str) -> FilterError:
    return FilterError(field, f"is {word!r:.50}; allowed: {allowed}.")
