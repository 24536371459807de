"""The SQL of the hot path, in one place. Every move is an UPDATE guarded by state and token.

Time is Postgres' clock_timestamp(): workers' clocks may differ. Rows are taken with SKIP LOCKED, so
two workers that are offered the same job never wait for each other; one of them gets no row.
"""

from __future__ import annotations

from typing import Final

INSERT_JOB: Final = """
INSERT INTO queues_job (
    queue, kind, name, owner, payload, state, priority, front, attempt, max_attempts, backoff,
    timeout, token, crashes, keep_completed, keep_failed, run_at, cause, error_class, error_message)
VALUES (
    %(queue)s, %(kind)s, %(name)s, %(owner)s, %(payload)s, %(state)s, %(priority)s, false, 0,
    %(max_attempts)s, %(backoff)s, %(timeout)s, 0, 0, %(keep_completed)s, %(keep_failed)s,
    clock_timestamp() + %(delay)s * interval '1 second', '', '', '')
RETURNING id, created_at, run_at
"""

_CLAIMED: Final = """
UPDATE queues_job AS job
SET state = 'active', front = false, attempt = attempt + 1, token = token + 1,
    worker_id = %(worker)s, started_at = clock_timestamp(), finished_at = NULL,
    progress = NULL, result = NULL, cause = '', error_class = '', error_message = ''
FROM picked WHERE job.id = picked.id
RETURNING job.id, job.queue, job.kind, job.name, job.owner, job.payload, job.attempt,
    job.max_attempts, job.backoff, job.token
"""

CLAIM_BY_ID: Final = (
    """
WITH picked AS (
    SELECT id FROM queues_job
    WHERE id = ANY(%(ids)s) AND state = 'waiting'
      AND queue = ANY(%(queues)s) AND kind = ANY(%(kinds)s)
    FOR NO KEY UPDATE SKIP LOCKED)
"""
    + _CLAIMED
)

# The look into Postgres: as many rows of each queue as it has free slots, in order of service.
CLAIM_WAITING: Final = (
    """
WITH picked AS (
    SELECT taken.id
    FROM unnest(%(queues)s::text[], %(limits)s::int[]) AS want(queue, slots)
    CROSS JOIN LATERAL (
        SELECT id FROM queues_job
        WHERE queue = want.queue AND state = 'waiting' AND kind = ANY(%(kinds)s)
        ORDER BY front DESC, priority, run_at, id
        LIMIT want.slots
        FOR NO KEY UPDATE SKIP LOCKED) AS taken)
"""
    + _CLAIMED
)

SETTLE_COMPLETED: Final = """
UPDATE queues_job
SET state = 'completed', result = %(result)s, finished_at = clock_timestamp(), worker_id = NULL
WHERE id = %(id)s AND token = %(token)s AND state = 'active'
RETURNING id
"""

# A snooze gives the attempt back. The attempt's row is written only if the job moved.
SETTLE_TROUBLE: Final = """
WITH before AS (
    SELECT job.id, job.token, job.attempt, job.started_at, worker.name AS worker_name
    FROM queues_job AS job LEFT JOIN queues_worker AS worker ON worker.id = job.worker_id
    WHERE job.id = %(id)s AND job.token = %(token)s AND job.state = 'active'
    FOR NO KEY UPDATE OF job),
moved AS (
    UPDATE queues_job AS job
    SET state = %(state)s,
        attempt = job.attempt - %(given_back)s,
        run_at = clock_timestamp() + %(wait_ms)s * interval '1 millisecond',
        finished_at = CASE WHEN %(state)s = 'failed' THEN clock_timestamp() END,
        worker_id = NULL, cause = %(cause)s,
        error_class = %(error_class)s, error_message = %(error_message)s
    FROM before WHERE job.id = before.id
    RETURNING job.id),
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback)
    SELECT before.id, before.attempt, before.token, %(outcome)s, coalesce(before.worker_name, ''),
        before.started_at, clock_timestamp(), %(error_class)s, %(note)s, %(traceback)s
    FROM before JOIN moved ON moved.id = before.id)
SELECT id FROM moved
"""

HAND_BACK: Final = """
UPDATE queues_job
SET state = 'waiting', front = true, attempt = attempt - 1, worker_id = NULL
WHERE worker_id = %(worker)s AND state = 'active'
RETURNING id, queue, priority
"""

PROMOTE_DUE: Final = """
WITH due AS (
    SELECT id FROM queues_job
    WHERE state = 'delayed' AND run_at <= clock_timestamp()
    ORDER BY run_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE queues_job AS job SET state = 'waiting' FROM due WHERE job.id = due.id
    RETURNING job.id, job.queue, job.priority, job.run_at)
SELECT id, queue, priority FROM moved ORDER BY run_at, id
"""

# The dead workers' rows are locked first, so that a late beat waits and then finds no row.
RESCUE: Final = """
WITH dead AS (
    SELECT id, name FROM queues_worker
    WHERE expires_at < clock_timestamp() FOR UPDATE SKIP LOCKED),
before AS (
    SELECT job.id, job.attempt, job.token, job.started_at, dead.name AS worker_name
    FROM queues_job AS job JOIN dead ON job.worker_id = dead.id
    WHERE job.state = 'active' FOR NO KEY UPDATE OF job),
moved AS (
    UPDATE queues_job AS job
    SET state = CASE WHEN crashes >= %(max_crashes)s THEN 'failed' ELSE 'waiting' END,
        cause = CASE WHEN crashes >= %(max_crashes)s THEN 'crashed' ELSE '' END,
        error_message = CASE WHEN crashes >= %(max_crashes)s THEN %(message)s ELSE '' END,
        finished_at = CASE WHEN crashes >= %(max_crashes)s THEN clock_timestamp() END,
        front = crashes < %(max_crashes)s,
        attempt = job.attempt - 1, token = job.token + 1, crashes = crashes + 1, worker_id = NULL
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.priority, job.state),
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback)
    SELECT id, attempt, token, 'crashed', worker_name, started_at, clock_timestamp(),
        '', %(message)s, ''
    FROM before),
buried AS (DELETE FROM queues_worker USING dead WHERE queues_worker.id = dead.id)
SELECT id, queue, priority, state FROM moved
"""

OVERDUE: Final = """
SELECT id, queue, kind, name, owner, payload, attempt, max_attempts, backoff, token
FROM queues_job
WHERE state = 'active' AND started_at + timeout * interval '1 second' < clock_timestamp()
ORDER BY id LIMIT %(limit)s
"""

# A finished job stays while fewer than its own number (or its queue's) are newer.
PRUNE: Final = """
WITH spare AS (
    SELECT id FROM (
        SELECT id, keep_completed, keep_failed,
            row_number() OVER (ORDER BY finished_at DESC, id DESC) AS place
        FROM queues_job
        WHERE queue = %(queue)s AND state = %(state)s AND finished_at IS NOT NULL) AS ranked
    WHERE place > coalesce(CASE %(state)s WHEN 'completed' THEN keep_completed
                                          ELSE keep_failed END, %(keep)s)
    LIMIT %(limit)s),
doomed AS (
    SELECT job.id FROM queues_job AS job JOIN spare ON spare.id = job.id
    WHERE job.state = %(state)s FOR UPDATE OF job SKIP LOCKED),
forgotten AS (DELETE FROM queues_attempt USING doomed WHERE job_id = doomed.id)
DELETE FROM queues_job USING doomed WHERE queues_job.id = doomed.id
RETURNING queues_job.id
"""

REGISTER_WORKER: Final = """
INSERT INTO queues_worker (
    name, host, pid, version, queues, slots, started_at, beat_at, expires_at)
VALUES (
    %(name)s, %(host)s, %(pid)s, %(version)s, %(queues)s, %(slots)s, clock_timestamp(),
    clock_timestamp(), clock_timestamp() + %(lease)s * interval '1 second')
RETURNING id
"""

BEAT: Final = """
UPDATE queues_worker
SET beat_at = clock_timestamp(),
    expires_at = clock_timestamp() + %(lease)s * interval '1 second'
WHERE id = %(worker)s
RETURNING id
"""

RETIRE_WORKER: Final = "DELETE FROM queues_worker WHERE id = %(worker)s"
