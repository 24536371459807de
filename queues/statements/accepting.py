"""Inserting jobs, with and without a key that only one of them may hold."""

from __future__ import annotations

from typing import Final

_COLUMNS: Final = """
    queue, kind, name, owner, payload, state, priority, front, attempt, max_attempts, backoff,
    timeout, token, crashes, keep_completed, keep_completed_age, keep_failed, keep_failed_age,
    unique_key, unique_until, limit_key, payload_version, schedule_id, is_child, run_at, cause,
    error_class, error_message
"""

INSERT_JOB: Final = f"""
INSERT INTO queues_job ({_COLUMNS})
VALUES (
    %(queue)s, %(kind)s, %(name)s, %(owner)s, %(payload)s, %(state)s, %(priority)s, %(front)s, 0,
    %(max_attempts)s, %(backoff)s, %(timeout)s, 0, 0, %(keep_completed)s,
    %(keep_completed_age)s, %(keep_failed)s, %(keep_failed_age)s,
    %(unique_key)s, clock_timestamp() + %(ttl)s::float8 * interval '1 second', %(limit_key)s,
    %(payload_version)s, %(schedule_id)s, %(is_child)s,
    coalesce(%(run_at)s::timestamptz,
        clock_timestamp() + %(delay)s::float8 * interval '1 second'), '', '', '')
"""
RETURNING: Final = "RETURNING id, created_at, run_at, state, turn_at"

# The holder of a key is left alone, replaced in its first delay, or told of its successor once it
# has begun: whatever it waits for then, it has seen the older arguments.
OR_NOTHING: Final = "ON CONFLICT (kind, unique_key) WHERE unique_key <> '' DO NOTHING "
OR_REPLACE: Final = """
ON CONFLICT (kind, unique_key) WHERE unique_key <> '' DO UPDATE SET
    queue = excluded.queue, name = excluded.name, owner = excluded.owner,
    payload = excluded.payload,
    payload_version = excluded.payload_version, limit_key = excluded.limit_key,
    priority = excluded.priority, max_attempts = excluded.max_attempts,
    backoff = excluded.backoff, timeout = excluded.timeout,
    run_at = greatest(excluded.run_at, excluded.created_at),
    front = excluded.front, unique_until = excluded.unique_until,
    keep_completed = excluded.keep_completed, keep_completed_age = excluded.keep_completed_age,
    keep_failed = excluded.keep_failed, keep_failed_age = excluded.keep_failed_age
WHERE queues_job.state = 'delayed' AND queues_job.token = 0
"""
OR_FOLLOW: Final = """
ON CONFLICT (kind, unique_key) WHERE unique_key <> '' DO UPDATE SET successor = %(successor)s
WHERE queues_job.token > 0
  AND queues_job.state IN ('waiting', 'delayed', 'waiting-children', 'active')
"""

EXPIRE_KEY: Final = """
UPDATE queues_job SET unique_key = ''
WHERE kind = %(kind)s AND unique_key = %(unique_key)s AND unique_until <= clock_timestamp()
"""
HOLDER: Final = "SELECT id FROM queues_job WHERE kind = %(kind)s AND unique_key = %(unique_key)s"

# A payload and the number of a shape for each job, and the few shapes beside them.
INSERT_MANY: Final = f"""
INSERT INTO queues_job ({_COLUMNS})
SELECT queue, kind, name, owner, payload, state, priority, front, 0, max_attempts, backoff,
    timeout, 0, 0, keep_completed, keep_completed_age, keep_failed, keep_failed_age,
    '', NULL, limit_key, payload_version, NULL, is_child,
    coalesce(run_at, clock_timestamp() + delay * interval '1 second'), '', '', ''
FROM unnest(%(payloads)s::jsonb[], %(shapes)s::int[])
    WITH ORDINALITY AS draft(payload, shape, place)
JOIN unnest(
    %(queue)s::text[], %(kind)s::text[], %(name)s::text[], %(owner)s::text[], %(state)s::text[],
    %(priority)s::int[], %(front)s::bool[], %(max_attempts)s::int[], %(backoff)s::jsonb[],
    %(timeout)s::int[], %(keep_completed)s::int[], %(keep_completed_age)s::int[],
    %(keep_failed)s::int[], %(keep_failed_age)s::int[], %(run_at)s::timestamptz[],
    %(delay)s::float8[], %(limit_key)s::text[], %(payload_version)s::int[], %(is_child)s::bool[])
    WITH ORDINALITY AS shape(
    queue, kind, name, owner, state, priority, front, max_attempts, backoff, timeout,
    keep_completed, keep_completed_age, keep_failed, keep_failed_age, run_at, delay, limit_key,
    payload_version, is_child, number)
    ON shape.number = draft.shape
ORDER BY place
RETURNING id
"""

# For the statements that end jobs: `ended` names those that ended, and what was to follow them.
FOLLOWED: Final = f"""
followed AS (
    INSERT INTO queues_job ({_COLUMNS})
    SELECT coalesce(s.queue, ended.queue), ended.kind, s.name, s.owner, s.payload, s.state,
        s.priority, s.front, 0, s.max_attempts, s.backoff, s.timeout, 0, 0, s.keep_completed,
        s.keep_completed_age, s.keep_failed, s.keep_failed_age, s.unique_key, NULL,
        coalesce(s.limit_key, ''), coalesce(s.payload_version, 1), NULL, false,
        coalesce(s.run_at, clock_timestamp() + s.delay * interval '1 second'), '', '', ''
    FROM ended, jsonb_to_record(ended.successor) AS s(
        queue text, name text, owner text, payload jsonb, state text, priority int, front bool,
        max_attempts int, backoff jsonb, timeout int, keep_completed int,
        keep_completed_age int, keep_failed int, keep_failed_age int, unique_key text,
        run_at timestamptz, delay float8, limit_key text, payload_version int)
    WHERE ended.successor IS NOT NULL
    RETURNING id, queue, priority, state, front)
"""
# What a finished job gives up; a key with a time to live is held until that time.
RELEASED: Final = "unique_key = CASE WHEN unique_until IS NULL THEN '' ELSE unique_key END"
# What a finished job is like when it is tried again. Nobody holds its key by right any more.
AGAIN: Final = """
    state = 'waiting', crashes = 0, run_at = clock_timestamp(), finished_at = NULL, result = NULL,
    cause = '', error_class = '', error_message = '', successor = NULL, front = false,
    unique_key = CASE WHEN unique_until > clock_timestamp() THEN unique_key ELSE '' END
"""
# The states of jobs that will go on, and of those that have ended.
LIVE: Final = "('waiting', 'delayed', 'waiting-children', 'active')"
FINISHED: Final = "('completed', 'failed', 'cancelled')"
# For the statements that cancel jobs: `before` holds each as it was, and locks it.
CANCELLED_ATTEMPT: Final = """
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback, progress, code_version)
    SELECT id, attempt, token, 'cancelled', coalesce(worker_name, ''), started_at,
        clock_timestamp(), '', '', '', progress, code_version
    FROM before WHERE state = 'active')
"""
