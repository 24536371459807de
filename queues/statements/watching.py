"""What people who look on ask."""

from __future__ import annotations

from typing import Final

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
