"""The fields of a cron expression, and what each of them allows. Pure.

croniter reads more than this (random times, years, nicknames); what a schedule may say is decided
here, so that an error can name the field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_EXPRESSION: Final = 200
WITH_SECONDS: Final = 6
MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM: Final = re.compile(
    r"(?P<first>\*|[0-9]{1,2}|[a-z]{3})(-(?P<last>[0-9]{1,2}|[a-z]{3}))?(/(?P<step>[0-9]{1,2}))?"
)


class CronError(ValueError):
    """A time that cannot be meant. `field` names what was wrong, the message what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its range, the names of its values, and what else it takes.

    `special` matches whole items, such as `l` for the last day of a month.
    """

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    special: str = "(?!)"
    also: str = ""

    def check(self, text: str) -> None:
        """Raise CronError if one of the items, which commas separate, is not allowed."""
        for item in text.split(","):
            if not re.fullmatch(self.special, item) and not self._is_range(item):
                raise CronError("cron", f"{self.name} is {item!r:.30}; allowed: {self.allowed}.")

    def _is_range(self, item: str) -> bool:
        found = _ITEM.fullmatch(item)
        if found is None or not 1 <= int(found["step"] or 1) <= self.most:
            return False
        if found["first"] == "*":
            return found["last"] is None
        first, last = self._value(found["first"]), self._value(found["last"] or "")
        if found["last"] == "sun":
            last = self.most
        # croniter takes ranges that go down, and makes of them what nobody would expect.
        return first is not None and (not found["last"] or (last is not None and first < last))

    def _value(self, text: str) -> int | None:
        if text in self.names:
            # Months count from 1, days of the week from 0.
            return self.names.index(text) + self.least
        is_known = text.isdigit() and self.least <= int(text) <= self.most
        return int(text) if is_known else None

    @property
    def allowed(self) -> str:
        """What the field takes, for people."""
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"*, {self.least} to {self.most}{names}, ranges that go up, steps, lists{self.also}"


FIELDS: Final = (
    Field(name="second", least=0, most=59),
    Field(name="minute", least=0, most=59),
    Field(name="hour", least=0, most=23),
    Field(name="day of month", least=1, most=31, special="l", also=", or L for the last day"),
    Field(name="month", least=1, most=12, names=MONTHS),
    Field(
        name="day of week",
        least=0,
        most=7,
        names=DAYS,
        special=f"l[0-7]|([0-7]|{'|'.join(DAYS)})#[1-5]",
        also=", L5 for the last Friday, 5#2 for the second",
    ),
)


def checked(expression: str) -> str:
    """Return an expression with single spaces, in small letters. Raises CronError.

    It has five fields, or six with seconds first. Looks at 200 characters at most.
    """
    if type(expression) is not str or len(expression) > MAX_EXPRESSION:
        raise CronError(
            "cron", f"is {expression!r:.30}…; allowed: text of 1 to {MAX_EXPRESSION} characters."
        )
    texts = expression.lower().split()
    if len(texts) not in {WITH_SECONDS, WITH_SECONDS - 1}:
        raise CronError("cron", f"has {len(texts)} fields; allowed: 5, or 6 with seconds first.")
    fields = FIELDS[-len(texts) :]
    # Quartz' way to say that the other one of the two fields of days counts.
    texts = [
        "*" if text == "?" and field.name.startswith("day") else text
        for field, text in zip(fields, texts, strict=True)
    ]
    for field, text in zip(fields, texts, strict=True):
        field.check(text)
    return " ".join(texts)
