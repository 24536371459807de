"""What the peers' scripts share. They run in an environment of their own, without our packages."""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REDIS_URL: Final = os.environ.get("REDIS_URL", "")
DATABASE_URL: Final = os.environ.get("DATABASE_URL", "")


class Watch:
    """Runs from the first job's start."""

    def __init__(self) -> None:
        self.began = 0.0

    def begin(self) -> None:
        """Start, unless it runs already. What a no-op job does."""
        self.began = self.began or time.perf_counter()

    def rate(self, jobs: int) -> float:
        """Return jobs a second until now."""
        return jobs / (time.perf_counter() - self.began)


def tell(value: float) -> None:
    """Print the figure for the process that asked."""
    print(json.dumps({"value": value}), flush=True)


def main(**measured: Callable[[int, int], float]) -> None:
    """Measure what the command line names: WHAT JOBS [SLOTS]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=measured)
    parser.add_argument("jobs", type=int)
    parser.add_argument("slots", type=int, nargs="?", default=1)
    options = parser.parse_args()
    tell(measured[options.what](options.jobs, options.slots))
