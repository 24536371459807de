"""What an operator waits for with a million rows. Milliseconds, the 95th of a hundred."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from benchmarks.jobs import QUEUE
from benchmarks.ours import stage
from benchmarks.ours.latency import share
from queues.stats import queue_counts

if TYPE_CHECKING:
    from collections.abc import Callable

LIST = "/admin/queues/job/"
# Of a hundred rows: 60 completed, 20 waiting, 15 delayed, 4 failed, 1 cancelled, in three queues.
ROWS = """
INSERT INTO queues_job (
    queue, kind, name, owner, payload, state, priority, front, attempt, max_attempts, backoff,
    timeout, token, crashes, unique_key, run_at, created_at, started_at, finished_at, cause,
    error_class, error_message)
SELECT queue, 'bench.noop', 'bench.noop', '', jsonb_build_object('number', n), state, 0, false,
    1, 3, '{{}}', 180, 1, 0, '', now(), now() - n * interval '1 second', now(),
    CASE WHEN state IN ('completed', 'failed', 'cancelled')
         THEN now() - n * interval '1 second' END, '',
    CASE WHEN state = 'failed' THEN 'ValueError' ELSE '' END, ''
FROM (
    SELECT n, (ARRAY['{queue}', 'notifications', 'user-actions'])[n % 3 + 1] AS queue,
        CASE WHEN n % 100 < 60 THEN 'completed' WHEN n % 100 < 80 THEN 'waiting'
             WHEN n % 100 < 95 THEN 'delayed' WHEN n % 100 < 99 THEN 'failed'
             ELSE 'cancelled' END AS state
    FROM generate_series(1, {count}) AS n) AS made
"""


def load(rows: int) -> None:
    """Fill the table, and do what autovacuum would have done by the time that anybody looks."""
    stage.clear()
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(queue=QUEUE, count=rows))
        cursor.execute("VACUUM ANALYZE queues_job")


def p95(look: Callable[[], object], times: int) -> float:
    """Return the 95th percentile of its durations in milliseconds, after a few to warm up."""
    took = []
    for number in range(times + 5):
        began = time.perf_counter()
        look()
        if number >= 5:  # noqa: PLR2004
            took.append((time.perf_counter() - began) * 1000)
    return share(took, 95)


def open_page(client: Client, address: str) -> None:
    """Raise unless the page comes."""
    response = client.get(address)
    if response.status_code != 200:  # noqa: PLR2004
        raise RuntimeError(f"{address} answered {response.status_code}.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    load(options.rows)
    user, _ = get_user_model().objects.get_or_create(
        username="bench", is_staff=True, is_superuser=True
    )
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    stage.tell(
        counts=p95(queue_counts, options.times),
        list=p95(lambda: open_page(client, LIST), options.times),
        filter=p95(lambda: open_page(client, f"{LIST}?state__exact=failed"), options.times),
    )
    stage.clear()


if __name__ == "__main__":
    main()
