"""Whole numbers that people type. Pure."""

from __future__ import annotations

from typing import Final

# More than any option allows: whoever checks its range says what is allowed.
ANY: Final = 10**12 - 1


def digits(text: str, most: int) -> int | None:
    """Return the number of a text that is ASCII digits and nothing else, 0 to `most`, else None.

    `int` would take signs, spaces, `1_000` and the digits of every script.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None
