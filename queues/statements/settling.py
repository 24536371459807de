"""Ending attempts, and what a running attempt writes. All of it is refused to an old token."""

from __future__ import annotations

from typing import Final

from queues.statements.accepting import FOLLOWED, RELEASED

SETTLE_COMPLETED: Final = f"""
WITH ended AS (
    UPDATE queues_job
    SET state = 'completed', result = %(result)s, finished_at = clock_timestamp(),
        worker_id = NULL, {RELEASED}
    WHERE id = %(id)s AND token = %(token)s AND state = 'active'
    RETURNING id, queue, kind, successor),
{FOLLOWED}
SELECT ended.id, followed.id, followed.queue, followed.priority, followed.state, followed.front
FROM ended LEFT JOIN followed ON true
"""

# A snooze and a crash give the attempt back. The attempt's row is written only if the job moved.
SETTLE_TROUBLE: Final = f"""
WITH before AS (
    SELECT job.id, job.token, job.attempt, job.started_at, job.progress,
        worker.name AS worker_name
    FROM queues_job AS job LEFT JOIN queues_worker AS worker ON worker.id = job.worker_id
    WHERE job.id = %(id)s AND job.token = %(token)s AND job.state = 'active'
    FOR NO KEY UPDATE OF job),
moved AS (
    UPDATE queues_job AS job
    SET state = %(state)s, front = %(front)s,
        attempt = job.attempt - %(given_back)s, crashes = job.crashes + %(crashed)s,
        run_at = clock_timestamp() + %(wait_ms)s * interval '1 millisecond',
        finished_at = CASE WHEN %(state)s = 'failed' THEN clock_timestamp() END,
        unique_key = CASE WHEN %(state)s = 'failed' AND unique_until IS NULL THEN ''
                          ELSE unique_key END,
        worker_id = NULL, cause = %(cause)s,
        error_class = %(error_class)s, error_message = %(error_message)s
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.kind, job.state, job.successor),
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback, progress)
    SELECT before.id, before.attempt, before.token, %(outcome)s, coalesce(before.worker_name, ''),
        before.started_at, clock_timestamp(), %(error_class)s, %(note)s, %(traceback)s,
        before.progress
    FROM before JOIN moved ON moved.id = before.id),
ended AS (SELECT id, queue, kind, successor FROM moved WHERE state = 'failed'),
{FOLLOWED}
SELECT moved.id, followed.id, followed.queue, followed.priority, followed.state, followed.front
FROM moved LEFT JOIN followed ON true
"""

PROGRESS: Final = """
UPDATE queues_job SET progress = %(progress)s
WHERE id = %(id)s AND token = %(token)s AND state = 'active'
RETURNING id
"""

LOG: Final = """
INSERT INTO queues_logline (job_id, token, text, at)
SELECT id, token, %(text)s, clock_timestamp() FROM queues_job
WHERE id = %(id)s AND token = %(token)s AND state = 'active'
  AND (SELECT count(*) FROM queues_logline
       WHERE job_id = %(id)s AND token = %(token)s) < %(most)s
RETURNING id
"""

READ_EFFECT: Final = """
SELECT job.token = %(token)s AND job.state = 'active', effect.id IS NOT NULL, effect.result
FROM queues_job AS job
LEFT JOIN queues_effect AS effect ON effect.job_id = job.id AND effect.key = %(key)s
WHERE job.id = %(id)s
"""
KEEP_EFFECT: Final = """
INSERT INTO queues_effect (job_id, key, result, at)
SELECT id, %(key)s, %(result)s, clock_timestamp() FROM queues_job
WHERE id = %(id)s AND token = %(token)s AND state = 'active'
ON CONFLICT (job_id, key) DO NOTHING
RETURNING id
"""
