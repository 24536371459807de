"""What a worker holds in memory after many jobs. Megabytes of resident memory."""

from __future__ import annotations

import argparse

from benchmarks.jobs import Noop
from benchmarks.ours import stage


def memory(first: int, last: int, slots: int) -> tuple[float, float]:
    """Return what the same worker holds after `first` jobs, and after `last` jobs in all."""
    stage.clear()
    found = []
    with stage.crew(slots) as crew:
        for jobs in (first, last - first):
            stage.fill(lambda number: Noop(number=number), jobs)
            stage.until(lambda: stage.redis.llen(stage.LIST) == 0)
            stage.until(stage.is_settled)
            found.append(crew.memory_mb())
    return found[0], found[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=10_000)
    parser.add_argument("--last", type=int, default=100_000)
    parser.add_argument("--slots", type=int, default=100)
    options = parser.parse_args()
    first, last = memory(**vars(options))
    stage.tell(first=first, last=last)


if __name__ == "__main__":
    main()
