"""Jobs a second through their whole life: claimed, run, settled, pruned."""

from __future__ import annotations

import argparse
import os
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psycopg

from benchmarks.jobs import Noop
from benchmarks.ours import stage

if TYPE_CHECKING:
    from collections.abc import Iterator


def drain(jobs: int, slots: int, *, workers: int = 1, backlog: int = 0) -> float:
    """Return jobs a second, from the first handler's start until the last one is settled.

    With a backlog, that many jobs wait besides, and the time ends when `jobs` were taken.
    """
    stage.clear()
    stage.fill(lambda number: Noop(number=number), jobs + backlog)
    stage.must_be_full(jobs + backlog)
    if backlog:
        stage.settle_down()
    with stage.crew(slots, workers=workers) as crew:
        stage.until(lambda: stage.redis.llen(stage.LIST) <= backlog)
        end = stage.until(lambda: bool(backlog) or stage.is_settled())
        return jobs / (end - crew.begun()[0])


def drain_beside_snapshot(jobs: int, slots: int, *, seconds: float) -> float:
    """Return jobs a second while a snapshot is open since `seconds`, in which jobs ran as well."""
    stage.clear()
    with ExitStack() as stack:
        stack.enter_context(_snapshot())
        deadline = time.time() + seconds
        while time.time() < deadline:
            _drain_once(jobs, slots)
        return _drain_once(jobs, slots)


def _drain_once(jobs: int, slots: int) -> float:
    stage.fill(lambda number: Noop(number=number), jobs)
    with stage.crew(slots) as crew:
        stage.until(lambda: stage.redis.llen(stage.LIST) == 0)
        return jobs / (stage.until(stage.is_settled) - crew.begun()[0])


@contextmanager
def _snapshot() -> Iterator[None]:
    """Keep a transaction open that sees the database as it is now."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT txid_current()")
        yield


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--slots", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--backlog", type=int, default=0)
    parser.add_argument("--snapshot", type=float, default=0.0, help="its age in seconds")
    options = vars(parser.parse_args())
    if seconds := options.pop("snapshot"):
        value = drain_beside_snapshot(options["jobs"], options["slots"], seconds=seconds)
    else:
        value = drain(**options)
    stage.tell(value=value)


if __name__ == "__main__":
    main()
