"""Counting durations by fixed bounds. Pure."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

# Roughly logarithmic, from a millisecond to an hour. The last bucket has no upper bound.
BOUNDS_MS: Final = (
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000,
    3_600_000,
)  # fmt: skip


def bucket(milliseconds: float) -> int:
    """Return the index of the first bound that is not smaller."""
    return bisect_left(BOUNDS_MS, milliseconds)


def quantile(counts: list[int], share: float) -> int | None:
    """Return the bound below which `share` (0 to 1) of the counted durations lie.

    None without any, and the last bound for what lies beyond it.
    """
    total = sum(counts)
    if not total:
        return None
    seen = 0
    for index, count in enumerate(counts):
        seen += count
        if seen >= share * total:
            return BOUNDS_MS[min(index, len(BOUNDS_MS) - 1)]
    return BOUNDS_MS[-1]
