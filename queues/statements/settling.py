"""Ending attempts, and what a running attempt writes. All of it is refused to an old token."""

from __future__ import annotations

from typing import Final

from queues.statements.accepting import FOLLOWED, RELEASED
from queues.statements.failing import GROUPED

# By primary key: the state is hidden from the planner, which would else walk the index of active
# jobs, with all the dead entries that a busy worker leaves in it.
_MINE: Final = "job.id = given.id AND job.token = given.token AND job.state || '' = 'active'"
_RETURNED: Final = """
SELECT id, NULL::bigint, NULL::text, NULL::int, NULL::text, NULL::bool, token FROM {moved}
UNION ALL SELECT NULL, id, queue, priority, state, front, NULL FROM followed
"""

_COMPLETE: Final = f"""
UPDATE queues_job AS job
SET state = 'completed', result = given.result, finished_at = clock_timestamp(),
    is_suspect = false, worker_id = NULL, {RELEASED}
FROM given WHERE {_MINE}
"""
_ENDED: Final = "RETURNING job.id, job.queue, job.kind, job.successor, job.token"

# What retention lets go anyway is deleted as it ends: one row version and two index entries fewer
# than an UPDATE that pruning follows. But only if all that shall stay instead were ours to
# complete.
SETTLE_COMPLETED: Final = f"""
WITH given AS (
    SELECT * FROM unnest(
        %(ids)s::bigint[], %(tokens)s::bigint[], %(results)s::jsonb[], %(spare)s::bool[])
    AS given(id, token, result, spare)),
kept AS ({_COMPLETE} AND NOT given.spare {_ENDED}),
room AS (
    SELECT (SELECT count(*) FROM kept) < (SELECT count(*) FROM given WHERE NOT spare) AS is_left),
late AS ({_COMPLETE} AND given.spare AND (SELECT is_left FROM room) {_ENDED}),
gone AS (
    DELETE FROM queues_job AS job USING given
    WHERE {_MINE} AND given.spare AND NOT (SELECT is_left FROM room) {_ENDED}),
ended AS (SELECT * FROM kept UNION ALL SELECT * FROM late UNION ALL SELECT * FROM gone),
{FOLLOWED}
{_RETURNED.format(moved="ended")}
"""

# A snooze and a crash give the attempt back. Crashes are counted in a row: an attempt that ended in
# any other way proves that the job can be run. The attempt's row is written only if the job moved,
# and those of its oldest attempts go.
SETTLE_TROUBLE: Final = f"""
WITH given AS (
    SELECT * FROM unnest(
        %(id)s::bigint[], %(token)s::bigint[], %(state)s::text[], %(front)s::bool[],
        %(cause)s::text[], %(wait_ms)s::float8[], %(given_back)s::int[], %(crashed)s::int[],
        %(outcome)s::text[], %(error_class)s::text[], %(error_message)s::text[],
        %(note)s::text[], %(traceback)s::text[], %(place)s::text[], %(fingerprint)s::text[],
        %(is_try)s::bool[])
    WITH ORDINALITY
    AS given(id, token, state, front, cause, wait_ms, given_back, crashed, outcome,
        error_class, error_message, note, traceback, place, fingerprint, is_try, position)),
before AS (
    SELECT given.*, job.kind, job.attempt, job.started_at, job.progress, job.code_version,
        worker.name AS worker_name
    FROM given JOIN queues_job AS job ON {_MINE}
    LEFT JOIN queues_worker AS worker ON worker.id = job.worker_id
    FOR NO KEY UPDATE OF job),
moved AS (
    UPDATE queues_job AS job
    SET state = before.state, front = before.front,
        attempt = job.attempt - before.given_back,
        crashes = CASE WHEN before.crashed > 0 THEN job.crashes + before.crashed
                       WHEN before.is_try THEN 0 ELSE job.crashes END,
        is_suspect = CASE WHEN before.is_try THEN before.crashed > 0 ELSE job.is_suspect END,
        run_at = coalesce(
            clock_timestamp() + before.wait_ms * interval '1 millisecond', job.run_at),
        finished_at = CASE WHEN before.state = 'failed' THEN clock_timestamp() END,
        unique_key = CASE WHEN before.state = 'failed' AND unique_until IS NULL THEN ''
                          ELSE unique_key END,
        worker_id = NULL, cause = before.cause,
        error_class = before.error_class, error_message = before.error_message,
        fingerprint = coalesce(nullif(before.fingerprint, ''), job.fingerprint)
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.kind, job.state, job.successor, job.token),
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback, progress, code_version, fingerprint)
    SELECT id, attempt, token, outcome, coalesce(worker_name, ''), started_at,
        clock_timestamp(), error_class, note, traceback, progress, code_version, fingerprint
    FROM before WHERE is_try),
spared AS (
    DELETE FROM queues_attempt AS attempt USING before
    WHERE before.token > %(most_attempts)s AND attempt.job_id = before.id
      AND attempt.token <= before.token - %(most_attempts)s),
{GROUPED.strip()},
ended AS (SELECT id, queue, kind, successor FROM moved WHERE state = 'failed'),
{FOLLOWED}
{_RETURNED.format(moved="moved")}
"""

# Those that are there and that somebody else has locked.
LOCKED: Final = """
WITH free AS (
    SELECT id FROM queues_job WHERE id = ANY(%(ids)s::bigint[]) FOR NO KEY UPDATE SKIP LOCKED)
SELECT id FROM queues_job
WHERE id = ANY(%(ids)s::bigint[]) AND id NOT IN (SELECT id FROM free)
"""

# For attempts whose worker was taken for dead and has come back: it lives, so the job did not kill
# it. Not for jobs that have ended by this crash, whose count explains their end.
UNCOUNT: Final = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(tokens)s::bigint[]) AS given(id, token)),
outlived AS (
    UPDATE queues_attempt AS attempt SET outcome = 'worker lost'
    FROM given
    WHERE attempt.job_id = given.id AND attempt.token = given.token
      AND outcome = 'crashed' AND error_class = %(error_class)s
    RETURNING job_id)
UPDATE queues_job AS job SET crashes = crashes - 1
FROM outlived WHERE job.id = outlived.job_id AND crashes > 0 AND cause <> 'crashed'
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
FOR KEY SHARE
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
FOR KEY SHARE
ON CONFLICT (job_id, key) DO NOTHING
RETURNING id
"""
