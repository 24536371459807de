"""What operators do to many jobs: the verbs of `operating`, for a chunk of ids, and undoing them.

Each gives back the columns of `queues.bulk_verbs.Moved`. What undoing needs is written down by the
statement that makes it necessary.
"""

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

# Waits, and so is for one row, by whoever holds no other job.
HOLD: Final = "SELECT id FROM queues_job WHERE id = %(id)s FOR UPDATE"
HOLD_FREE: Final = """
SELECT id FROM queues_job WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED
"""

_MOVED: Final = "job.id, job.queue, job.kind, job.priority, job.state, job.front, false"

# A job that was running is not what it was, and cannot be put back.
CANCEL_MANY: Final = f"""
WITH before AS (
    SELECT job.id, job.state, job.front, job.unique_key AS key, job.token, job.attempt,
        job.started_at, job.progress, job.code_version, worker.name AS worker_name
    FROM queues_job AS job LEFT JOIN queues_worker AS worker ON worker.id = job.worker_id
    WHERE job.id = ANY(%(ids)s::bigint[])
      AND job.state IN {LIVE}
    FOR NO KEY UPDATE OF job),
ended AS (
    UPDATE queues_job AS job
    SET state = 'cancelled', token = job.token + 1, finished_at = clock_timestamp(),
        worker_id = NULL, front = false, {RELEASED}
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.kind, job.priority, job.state, job.front, job.successor),
{CANCELLED_ATTEMPT},
changed AS (
    INSERT INTO queues_change (operation_id, job_id, before)
    SELECT %(operation)s, id, jsonb_build_object(
        'state', state, 'front', front, 'unique_key', key, 'token', token + 1)
    FROM before WHERE state <> 'active'),
{FOLLOWED}
SELECT id, queue, kind, priority, state, front, false FROM ended
UNION ALL SELECT id, queue, '', priority, state, front, true FROM followed
"""

RETRY_MANY: Final = f"""
UPDATE queues_job AS job
SET {AGAIN}, attempt = 0
WHERE id = ANY(%(ids)s::bigint[]) AND state IN {FINISHED}
RETURNING {_MOVED}
"""

PROMOTE_MANY: Final = f"""
WITH before AS (
    SELECT id, run_at, token FROM queues_job
    WHERE id = ANY(%(ids)s::bigint[]) AND state = 'delayed' FOR NO KEY UPDATE),
changed AS (
    INSERT INTO queues_change (operation_id, job_id, before)
    SELECT %(operation)s, id, jsonb_build_object('run_at', run_at, 'token', token) FROM before)
UPDATE queues_job AS job SET state = 'waiting', run_at = clock_timestamp()
FROM before WHERE job.id = before.id
RETURNING {_MOVED}
"""

PRIORITY_MANY: Final = f"""
WITH before AS (
    SELECT id, priority FROM queues_job
    WHERE id = ANY(%(ids)s::bigint[]) AND state IN ('waiting', 'delayed') FOR NO KEY UPDATE),
changed AS (
    INSERT INTO queues_change (operation_id, job_id, before)
    SELECT %(operation)s, id, jsonb_build_object('priority', priority, 'set', %(value)s::int)
    FROM before)
UPDATE queues_job AS job SET priority = %(value)s::int
FROM before WHERE job.id = before.id
RETURNING {_MOVED}
"""

REMOVE_MANY: Final = f"""
WITH doomed AS (
    SELECT id FROM queues_job
    WHERE id = ANY(%(ids)s::bigint[]) AND state NOT IN ('active', 'waiting-children')
    FOR UPDATE),
{FORGOTTEN}, '', '', 0, '', false, false
"""

_CHANGES: Final = """
FROM queues_change AS change
WHERE change.operation_id = %(undoes)s AND change.job_id = ANY(%(ids)s::bigint[])
  AND job.id = change.job_id
"""

# A key that somebody else holds by now is theirs, and the job stays as it is.
UNDO_CANCEL: Final = f"""
UPDATE queues_job AS job
SET state = before ->> 'state',
    front = (before ->> 'front')::bool, unique_key = before ->> 'unique_key', finished_at = NULL
{_CHANGES}
  AND job.state = 'cancelled' AND job.token = (before ->> 'token')::bigint
  AND NOT EXISTS (
      SELECT FROM queues_job AS holder
      WHERE holder.kind = job.kind AND holder.unique_key = before ->> 'unique_key'
        AND holder.unique_key <> '' AND holder.id <> job.id)
RETURNING {_MOVED}
"""

UNDO_PROMOTE: Final = f"""
UPDATE queues_job AS job SET state = 'delayed', run_at = (before ->> 'run_at')::timestamptz
{_CHANGES}
  AND job.state = 'waiting' AND job.token = (before ->> 'token')::bigint
RETURNING {_MOVED}
"""

UNDO_PRIORITY: Final = f"""
UPDATE queues_job AS job SET priority = (before ->> 'priority')::int
{_CHANGES}
  AND job.state IN ('waiting', 'delayed') AND job.priority = (before ->> 'set')::int
RETURNING {_MOVED}
"""

# Nobody works on an operation whose job has ended, whatever ended it.
END_ORPHANS: Final = f"""
UPDATE queues_operation
SET state = 'stopped', finished_at = clock_timestamp()
WHERE id IN (
    SELECT operation.id FROM queues_operation AS operation
    WHERE state = 'running' AND NOT EXISTS (
        SELECT FROM queues_job AS job
        WHERE job.id = operation.job_id
          AND job.state IN {LIVE})
    FOR NO KEY UPDATE OF operation SKIP LOCKED)
RETURNING id
"""

_BEING_UNDONE: Final = """EXISTS (
    SELECT FROM queues_operation AS undoing
    WHERE undoing.undoes_id = operation.id AND (undoing.finished_at IS NULL
        OR undoing.finished_at >= clock_timestamp() - %(days)s * interval '1 day'))"""

# Whoever begins to undo one holds its row too. Locked first and looked at again by the next
# statement, it is either being undone by then or too old to be.
LOCK_OLD: Final = f"""
SELECT operation.id FROM queues_operation AS operation
WHERE operation.finished_at < clock_timestamp() - %(days)s * interval '1 day'
  AND EXISTS (SELECT FROM queues_change WHERE operation_id = operation.id)
  AND NOT {_BEING_UNDONE}
ORDER BY operation.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""

FORGET_CHANGES: Final = f"""
WITH doomed AS (
    SELECT change.id
    FROM queues_change AS change JOIN queues_operation AS operation
        ON operation.id = change.operation_id
    WHERE operation.id = ANY(%(ids)s::bigint[])
      AND operation.finished_at < clock_timestamp() - %(days)s * interval '1 day'
      AND NOT {_BEING_UNDONE}
    LIMIT %(limit)s FOR UPDATE OF change SKIP LOCKED)
DELETE FROM queues_change USING doomed WHERE queues_change.id = doomed.id
RETURNING queues_change.id
"""
