"""Rows of what was measured, for people and for machines."""

from __future__ import annotations

import os
import platform
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.contenders import Figure, Line
    from benchmarks.rounds import Raw


def machine() -> str:
    """Return what this ran on, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def row(line: Line, raw: Raw) -> dict[str, Any]:
    """Return one line's medians, their ratio, and whether its bar is met; None for no answer."""
    mine, theirs = best(line.ours, raw, more=line.more), best(line.peer, raw, more=line.more)
    ratio = mine / theirs if mine is not None and theirs else None
    found = ratio if line.peer else mine
    is_met = None if found is None else (found >= line.bar if line.more else found <= line.bar)
    return {
        "name": line.name,
        "ours": mine,
        "unit": line.unit,
        "peer": line.peer[0].label if line.peer else None,
        "peerValue": theirs,
        "ratio": ratio,
        "bar": line.bar,
        "met": is_met,
    }


def best(figures: Sequence[Figure], raw: Raw, *, more: bool) -> float | None:
    """Return the best of the figures' medians."""
    medians = [
        statistics.median(values)
        for figure in figures
        if (values := [answer[figure.key] for answer in raw.get(figure.command, [])])
    ]
    return (max if more else min)(medians, default=None)


def spread(line: Line, raw: Raw) -> str:
    """Return the least and the most that a round gave for ours, over all slot counts."""
    values = [answer[figure.key] for figure in line.ours for answer in raw.get(figure.command, [])]
    return f"{short(min(values))} to {short(max(values))}" if values else ""


def short(value: float | None) -> str:
    """Return a number as people read it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004


def table(lines: Sequence[Line], raw: Raw) -> str:
    """Return all rows as a table in Markdown."""
    heads = ("what", "ours", "spread", "unit", "peer", "ratio", "bar", "met")
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for line in lines:
        one = row(line, raw)
        sign = "≥" if line.more else "≤"
        bar = f"{sign} {line.bar:g}{' x' if line.peer else ''}"
        peer = f"{one['peer']} {short(one['peerValue'])}" if line.peer else ""
        met = {True: "yes", False: "**no**", None: "not measured"}[one["met"]]
        ratio = f"{one['ratio']:.2f} x" if one["ratio"] is not None else ""
        cells = (line.name, short(one["ours"]), spread(line, raw), line.unit, peer, ratio, bar, met)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
