"""Aligned columns for people. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Paint = Mapping[str, Callable[[str], str]]

GAP: Final = "  "
LEAST: Final = 6
NO_PAINT: Final[Mapping[str, Callable[[str], str]]] = {}


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int,
    paint: Paint = NO_PAINT,
) -> list[str]:
    """Return the lines of a table that is at most so wide: the widest columns are cut first.

    Columns of numbers are aligned to the right. `paint` colours cells that are one of its keys.
    """
    is_number = [
        all(isinstance(row[at], int | float) for row in rows) for at in range(len(headers))
    ]
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    widths = _widths([list(headers), *cells], width)
    lines = []
    for row in [list(headers), *cells]:
        fitted = [
            _fit(cell, size, right=right)
            for cell, size, right in zip(row, widths, is_number, strict=True)
        ]
        painted = [
            paint[cell](text) if cell in paint else text
            for cell, text in zip(row, fitted, strict=True)
        ]
        lines.append(GAP.join(painted).rstrip())
    return lines


def pairs(values: Mapping[str, object]) -> list[str]:
    """Return a line for each name and value, the values below each other."""
    longest = max(map(len, values), default=0)
    return [f"{name:<{longest}}{GAP}{one_line(str(value))}" for name, value in values.items()]


def one_line(text: str) -> str:
    """Return a text that cannot move the cursor, colour the screen or break a line."""
    return shown(" ".join(text.split()))


def shown(line: str) -> str:
    """Return a line with its spaces, and a sign for each character that is none to be seen."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _widths(rows: Sequence[Sequence[str]], most: int) -> list[int]:
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + len(GAP) * (len(widths) - 1) > most and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fit(text: str, size: int, *, right: bool) -> str:
    if columns(text) > size:
        while columns(text) > size - 1:
            text = text[:-1]
        text += "…"
    padding = " " * (size - columns(text))
    return padding + text if right else text + padding
