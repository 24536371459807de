"""What people who look on ask."""

from __future__ import annotations

from typing import Final

from queues.histogram import BOUNDS_MS

# The minutes that have begun since `minutes` before this one, and how many those are by now.
THROUGHPUT: Final = """
SELECT queue, sum(completed)::float8 / span.minutes, sum(failed)::float8 / span.minutes
FROM queues_metric,
    (SELECT date_trunc('minute', clock_timestamp()) - %(minutes)s * interval '1 minute' AS since)
        AS begin,
    LATERAL (SELECT extract(epoch FROM clock_timestamp() - since)::float8 / 60 AS minutes) AS span
WHERE minute >= since
GROUP BY queue, span.minutes
"""

OLDEST: Final = """
SELECT queue, extract(epoch FROM clock_timestamp() - min(run_at))::float8
FROM queues_job WHERE state = 'waiting' GROUP BY queue
"""

_BUCKETS: Final = range(1, len(BOUNDS_MS) + 2)
_WAITS: Final = ", ".join(f"sum(wait_ms[{index}])::int8" for index in _BUCKETS)
_RUNS: Final = ", ".join(f"sum(run_ms[{index}])::int8" for index in _BUCKETS)

# A row for each of the last minutes that are over, and each queue in which something happened
# then; a row without a queue for a minute in which nothing did.
SERIES: Final = f"""
SELECT at, queue, counters, wait_ms, run_ms
FROM (SELECT date_trunc('minute', clock_timestamp()) AS stop) AS now,
    LATERAL generate_series(
        stop - %(minutes)s * interval '1 minute', stop - interval '1 minute', interval '1 minute'
    ) AS at
    LEFT JOIN (
        SELECT minute, queue, ARRAY[
            sum(completed), sum(failed), sum(retried), sum(snoozed), sum(timed_out), sum(crashed),
            sum(cancelled)]::int8[] AS counters,
            ARRAY[{_WAITS}] AS wait_ms, ARRAY[{_RUNS}] AS run_ms
        FROM queues_metric
        WHERE minute >= clock_timestamp() - (%(minutes)s + 1) * interval '1 minute'
            AND queue = ANY(%(queues)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        GROUP BY minute, queue
    ) AS found ON found.minute = at
ORDER BY at
"""
