"""Jobs a second that are accepted: in Postgres for good, and pushed to Redis."""

from __future__ import annotations

import argparse
import time

from django.db import transaction

from benchmarks.jobs import Noop
from benchmarks.ours import stage
from queues.enqueue import enqueue, enqueue_many


def bulk(jobs: int) -> float:
    """Return jobs a second of enqueue_many, its arguments' making included."""
    stage.clear()
    began = time.perf_counter()
    enqueue_many([Noop(number=number) for number in range(jobs)])
    return jobs / (time.perf_counter() - began)


def single(jobs: int) -> float:
    """Return jobs a second, each a transaction of its own."""
    stage.clear()
    enqueue(Noop(number=-1))
    began = time.perf_counter()
    for number in range(jobs):
        enqueue(Noop(number=number))
    return jobs / (time.perf_counter() - began)


def within(jobs: int) -> float:
    """Return jobs a second, each in a transaction that the caller opens and commits."""
    stage.clear()
    enqueue(Noop(number=-1))
    began = time.perf_counter()
    for number in range(jobs):
        with transaction.atomic():
            enqueue(Noop(number=number))
    return jobs / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bulk", type=int, default=10_000)
    parser.add_argument("--single", type=int, default=1_000)
    options = parser.parse_args()
    bulk(1_000)
    stage.tell(
        bulk=bulk(options.bulk), single=single(options.single), within=within(options.single)
    )


if __name__ == "__main__":
    main()
