"""What operators do to jobs."""

from __future__ import annotations

from typing import Final

from queues.statements.accepting import (
    AGAIN,
    CANCELLED_ATTEMPT,
    FINISHED,
    FOLLOWED,
    LIVE,
    RELEASED,
)
from queues.statements.maintaining import FORGOTTEN

CANCEL: Final = f"""
WITH before AS (
    SELECT job.id, job.state, job.token, job.attempt, job.started_at, job.progress,
        job.code_version, worker.name AS worker_name
    FROM queues_job AS job LEFT JOIN queues_worker AS worker ON worker.id = job.worker_id
    WHERE job.id = %(id)s AND job.state IN {LIVE}
    FOR NO KEY UPDATE OF job),
ended AS (
    UPDATE queues_job AS job
    SET state = 'cancelled', token = job.token + 1, finished_at = clock_timestamp(),
        worker_id = NULL, front = false, {RELEASED}
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.kind, job.successor),
{CANCELLED_ATTEMPT},
{FOLLOWED}
SELECT ended.id, followed.id, followed.queue, followed.priority, followed.state, followed.front
FROM ended LEFT JOIN followed ON true
"""

RETRY: Final = f"""
UPDATE queues_job
SET {AGAIN}, attempt = CASE WHEN %(reset)s THEN 0 ELSE attempt END
WHERE id = %(id)s AND state IN {FINISHED}
RETURNING id, queue, priority, front
"""

PROMOTE: Final = """
UPDATE queues_job SET state = 'waiting', run_at = clock_timestamp()
WHERE id = %(id)s AND state = 'delayed'
RETURNING id, queue, priority, front
"""

CHANGE_PRIORITY: Final = """
UPDATE queues_job SET priority = %(priority)s
WHERE id = %(id)s AND state IN ('waiting', 'delayed')
RETURNING id, queue, priority, front, state
"""

CHANGE_DELAY: Final = """
UPDATE queues_job SET run_at = clock_timestamp() + %(delay)s * interval '1 second'
WHERE id = %(id)s AND state = 'delayed'
RETURNING id, queue, priority
"""

CHANGE_PAYLOAD: Final = """
UPDATE queues_job
SET payload = %(payload)s, payload_version = %(payload_version)s, name = %(name)s,
    owner = %(owner)s
WHERE id = %(id)s AND state IN ('waiting', 'delayed')
RETURNING id, queue, priority
"""

REMOVE: Final = f"""
WITH doomed AS (
    SELECT id FROM queues_job
    WHERE id = %(id)s AND state NOT IN ('active', 'waiting-children') FOR UPDATE),
{FORGOTTEN}
"""

# Not the jobs that carry operations out: without its job, an operation would end half done.
_NO_OPERATION: Final = "kind <> 'queues.bulk'"
# Waiting and, if asked for, delayed jobs that nobody has begun to move.
_DRAINED: Final = f"queue = %(queue)s AND state = ANY(%(states)s) AND {_NO_OPERATION}"
WOULD_DRAIN: Final = f"SELECT count(*) FROM queues_job WHERE {_DRAINED}"
DRAIN: Final = f"""
WITH doomed AS (
    SELECT id FROM queues_job WHERE {_DRAINED}
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
{FORGOTTEN}
"""

_CLEANED: Final = f"""
    queue = %(queue)s AND state = %(state)s AND {_NO_OPERATION}
    AND coalesce(finished_at, run_at) <= clock_timestamp() - %(older_than)s * interval '1 second'
"""
WOULD_CLEAN: Final = f"""
SELECT count(*) FROM (SELECT FROM queues_job WHERE {_CLEANED} LIMIT %(limit)s) AS found
"""
CLEAN: Final = f"""
WITH doomed AS (
    SELECT id FROM queues_job WHERE {_CLEANED}
    ORDER BY coalesce(finished_at, run_at), id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
{FORGOTTEN}
"""

# A trigger refuses to delete what is younger than 30 days.
FORGET_AUDIT: Final = """
DELETE FROM queues_auditentry WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM queues_auditentry
    WHERE at < clock_timestamp() - %(days)s * interval '1 day'
    ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
"""
