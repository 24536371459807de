"""Failures that are the same, counted together."""

from __future__ import annotations

from typing import Final

# For the statements that end attempts: `before` has a row for each, `position` is their order.
# Once for each group, and the groups in one order everywhere: two settlers never wait for each
# other in a ring. Snoozes have no fingerprint. The clock is asked once more when the lock is held,
# so that the last to write has seen it last.
GROUPED: Final = """
grouped AS (
    INSERT INTO queues_failuregroup AS known (
        fingerprint, kind, error_class, place, message, first_seen, last_seen,
        first_version, last_version, count)
    SELECT fingerprint, min(kind), min(error_class), min(place),
        (array_agg(note ORDER BY position DESC))[1], clock_timestamp(), clock_timestamp(),
        (array_agg(code_version ORDER BY position))[1],
        (array_agg(code_version ORDER BY position DESC))[1], count(*)
    FROM before WHERE fingerprint <> '' GROUP BY fingerprint ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE SET
        message = excluded.message, last_seen = clock_timestamp(),
        last_version = excluded.last_version, count = known.count + excluded.count)
"""

PRUNE_GROUPS: Final = """
WITH doomed AS (
    SELECT fingerprint FROM queues_failuregroup AS known
    WHERE last_seen < clock_timestamp() - %(age)s * interval '1 second'
      AND NOT EXISTS (
          SELECT FROM queues_job WHERE state = 'failed' AND fingerprint = known.fingerprint)
    FOR UPDATE OF known SKIP LOCKED)
DELETE FROM queues_failuregroup USING doomed
WHERE queues_failuregroup.fingerprint = doomed.fingerprint
RETURNING queues_failuregroup.fingerprint
"""
