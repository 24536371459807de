"""How long a job waits for an idle worker, at once and after a delay. Milliseconds."""

from __future__ import annotations

import argparse
import random
import statistics
import time

from benchmarks.jobs import Stamp
from benchmarks.ours import stage
from queues.enqueue import enqueue, enqueue_many
from queues.models import Job

SLOTS = 16
DELAY_SECONDS = 1.0
BUSY_SLOTS = 100


def share(values: list[float], percent: int) -> float:
    """Return the percentile of the values, by interpolation."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def pickup(jobs: int) -> list[float]:
    """Return the time from each enqueue's return to its handler's start, one job at a time."""
    stage.clear()
    with stage.crew(SLOTS) as crew:
        time.sleep(1)
        accepted = {}
        for _ in range(jobs):
            job_id = enqueue(Stamp()).pk
            accepted[job_id] = time.time()
            # At no fixed distance from the worker's own rhythm.
            time.sleep(random.uniform(0.02, 0.08))  # noqa: S311
        stage.until(lambda: len(crew.begun()) == jobs)
        begun = crew.begun()
    return [(begun[job_id] - at) * 1000 for job_id, at in accepted.items()]


def lateness(jobs: int) -> list[float]:
    """Return the time from each job's due time to its handler's start; below 0 is too early."""
    stage.clear()
    with stage.crew(SLOTS) as crew:
        time.sleep(1)
        due = {}
        for _ in range(jobs):
            job = enqueue(Stamp(), delay=DELAY_SECONDS)
            due[job.pk] = job.run_at.timestamp()
        stage.until(lambda: len(crew.begun()) == jobs)
        begun = crew.begun()
    return [(begun[job_id] - at) * 1000 for job_id, at in due.items()]


def visible(jobs: int) -> list[float]:
    """Return the time from each handler's start to the moment when its end was written.

    Of a worker that is busy with no-op jobs, for that is when settling waits longest.
    """
    stage.clear()
    enqueue_many([(Stamp(), {"keep_completed": False})] * jobs)
    with stage.crew(BUSY_SLOTS) as crew:
        stage.until(stage.is_settled)
        begun = crew.begun()
    ended = Job.objects.values_list("pk", "finished_at")
    return [(at.timestamp() - begun[job_id]) * 1000 for job_id, at in ended if at]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=200)
    options = parser.parse_args()
    waits, lates = pickup(options.jobs), lateness(options.jobs)
    settled = visible(50 * options.jobs)
    stage.tell(
        pickup50=share(waits, 50),
        pickup99=share(waits, 99),
        late99=share(lates, 99),
        early=sum(late < 0 for late in lates),
        visible99=share(settled, 99),
    )


if __name__ == "__main__":
    main()
