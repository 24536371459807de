"""What every measurement of ours needs: empty stores, workers, and a look at what is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from redis import Redis

from benchmarks.jobs import QUEUE
from queues.enqueue import enqueue_many
from queues.models import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from queues.arguments import Arguments

ROOT: Final = Path(__file__).resolve().parent.parent.parent
BULK: Final = 10_000
PATIENCE_SECONDS: Final = 300.0
LIST: Final = f"rq:queue:{QUEUE}"

redis: Final = Redis.from_url(os.environ["REDIS_URL"])


def tell(**values: Any) -> None:
    """Print what was measured, for the process that asked."""
    print(json.dumps(values))


def clear() -> None:
    """Empty the tables of the engine, and Redis."""
    tables = "queues_job, queues_attempt, queues_logline, queues_effect, queues_metric"
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}, queues_worker, queues_queuecontrol RESTART IDENTITY")
    # Not in the background, where it would slow down what is measured next.
    redis.execute_command("FLUSHDB", "SYNC")  # type: ignore[no-untyped-call]


def fill(make: Callable[[int], Arguments], count: int) -> None:
    """Enqueue many jobs, ten thousand at a time."""
    for start in range(0, count, BULK):
        enqueue_many([make(n) for n in range(start, min(start + BULK, count))])


def must_be_full(count: int) -> None:
    """Raise unless Redis took all hints, or what follows would measure something else."""
    if redis.llen(LIST) < count:
        raise RuntimeError(f"Redis took {redis.llen(LIST)} of {count} hints.")


def settle_down() -> None:
    """Do what Postgres does by itself soon after many rows came in, and not while we measure."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE queues_job")
        cursor.execute("CHECKPOINT")


def until(reached: Callable[[], bool], *, every: float = 0.01) -> float:
    """Return the time at which it was reached. Raises TimeoutError after five minutes."""
    deadline = time.time() + PATIENCE_SECONDS
    while not reached():
        if time.time() > deadline:
            raise TimeoutError("What was waited for did not come about.")
        time.sleep(every)
    return time.time()


def is_settled() -> bool:
    """Say whether no job is waiting or running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM queues_job WHERE state IN ('waiting', 'active') LIMIT 1")
        return cursor.fetchone() is None


class Crew:
    """Worker processes, and what their handlers wrote."""

    def __init__(self, report: Path, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._report = report
        self.processes = processes

    def begun(self) -> dict[int, float]:
        """Return when each job began that says so; the first no-op is job 0."""
        lines = [line.split() for line in self._report.read_text().splitlines()]
        found: dict[int, float] = {}
        for job_id, at in lines:
            found[int(job_id)] = min(float(at), found.get(int(job_id), float("inf")))
        return found

    def memory_mb(self) -> float:
        """Return what the first worker holds in memory."""
        status = Path(f"/proc/{self.processes[0].pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def crew(slots: int, *, workers: int = 1) -> Iterator[Crew]:
    """Run workers with so many slots, until the block ends. They claim from its first line on."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        report.touch()
        env = {**os.environ, "BENCH_REPORT": str(report)}
        words = [sys.executable, "manage.py", "rqworker", QUEUE, "--slots", f"{QUEUE}={slots}"]
        processes = [subprocess.Popen(words, cwd=ROOT, env=env) for _ in range(workers)]
        try:
            until(lambda: Worker.objects.count() == workers)
            yield Crew(report, processes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
