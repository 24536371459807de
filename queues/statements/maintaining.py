"""What the duties do."""

from __future__ import annotations

from typing import Final

from queues.statements.accepting import FOLLOWED
from queues.statements.claiming import CLAIM
from queues.statements.failing import GROUPED

# The subselect is read once, and so may use the index: a volatile function is asked for each row.
PROMOTE_DUE: Final = """
WITH due AS (
    SELECT id FROM queues_job
    WHERE state = 'delayed' AND run_at <= (SELECT clock_timestamp())
    ORDER BY run_at, id LIMIT %(limit)s::bigint FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE queues_job AS job SET state = 'waiting' FROM due WHERE job.id = due.id
    RETURNING job.id, job.queue, job.priority, job.front, job.run_at)
SELECT id, queue, priority, front FROM moved ORDER BY run_at, id
"""

# In how many seconds the next one is due.
NEXT_DUE: Final = """
SELECT extract(epoch FROM min(run_at) - clock_timestamp())::float8 FROM queues_job
WHERE state = 'delayed' AND run_at > (SELECT clock_timestamp())
"""

# A late beat waits for this lock, and then finds no row; so does a late claim. One that was under
# way holds a lock of its own, and the worker is left for the next time.
# A lease that ends no later than its last beat was given up when its worker's process died.
LOCK_DEAD: Final = """
SELECT id FROM queues_worker
WHERE expires_at < clock_timestamp() AND (expires_at <= beat_at OR NOT %(given_up)s)
FOR UPDATE SKIP LOCKED
"""
KINDS_OF_DEAD: Final = """
SELECT DISTINCT kind FROM queues_job
WHERE worker_id = ANY(%(dead)s::bigint[]) AND state = 'active'
"""
# In the same transaction, and a statement of its own: it must see the claims that were committed
# before the lock. A job that somebody has locked is left, and its worker's row with it. Who was the
# only one to run is charged; those who ran together are suspects.
RESCUE: Final = f"""
WITH dead AS (
    SELECT worker.id, worker.name, count(*) = 1 AS is_charged, count(*) AS jobs
    FROM queues_worker AS worker
    LEFT JOIN queues_job AS job ON job.worker_id = worker.id AND job.state = 'active'
    WHERE worker.id = ANY(%(dead)s::bigint[]) GROUP BY worker.id, worker.name),
before AS (
    SELECT job.id, job.attempt, job.token, job.started_at, job.progress, job.kind,
        job.code_version, dead.name AS worker_name, is_charged,
        is_charged AND crashes >= %(max_crashes)s AS is_last,
        CASE WHEN is_charged THEN crash.fingerprint ELSE '' END AS fingerprint,
        job.id AS position, %(error_class)s AS error_class, '' AS place,
        CASE WHEN is_charged THEN %(message)s
             ELSE format('Its worker stopped beating, with %%s jobs in it.', jobs) END AS note
    FROM queues_job AS job JOIN dead ON job.worker_id = dead.id
    JOIN unnest(%(kinds)s::text[], %(fingerprints)s::text[]) AS crash(kind, fingerprint)
        ON crash.kind = job.kind
    WHERE job.state = 'active' FOR NO KEY UPDATE OF job SKIP LOCKED),
moved AS (
    UPDATE queues_job AS job
    SET state = CASE WHEN is_last THEN 'failed' ELSE 'waiting' END,
        cause = CASE WHEN is_last THEN 'crashed' ELSE '' END,
        error_class = CASE WHEN is_last THEN before.error_class ELSE '' END,
        error_message = CASE WHEN is_last THEN before.note ELSE '' END,
        fingerprint = coalesce(nullif(before.fingerprint, ''), job.fingerprint),
        finished_at = CASE WHEN is_last THEN clock_timestamp() END,
        unique_key = CASE WHEN is_last AND unique_until IS NULL THEN '' ELSE unique_key END,
        front = NOT is_last, is_suspect = true,
        attempt = job.attempt - 1, token = job.token + 1,
        crashes = crashes + is_charged::int, worker_id = NULL
    FROM before WHERE job.id = before.id
    RETURNING job.id, job.queue, job.kind, job.priority, job.state, job.front, job.successor),
noted AS (
    INSERT INTO queues_attempt (
        job_id, number, token, outcome, worker_name, started_at, finished_at,
        error_class, error_message, traceback, progress, code_version, fingerprint)
    SELECT id, attempt, token, CASE WHEN is_charged THEN 'crashed' ELSE 'worker lost' END,
        worker_name, started_at, clock_timestamp(),
        error_class, note, '', progress, code_version, fingerprint
    FROM before),
{GROUPED.strip()},
buried AS (
    DELETE FROM queues_worker USING dead
    WHERE queues_worker.id = dead.id AND NOT EXISTS (
        SELECT FROM queues_job AS left_over
        WHERE left_over.worker_id = dead.id AND left_over.state = 'active'
          AND left_over.id NOT IN (SELECT id FROM before))),
ended AS (SELECT id, queue, kind, successor FROM moved WHERE state = 'failed'),
{FOLLOWED}
SELECT id, queue, kind, priority, state, front FROM moved
UNION ALL SELECT id, queue, NULL, priority, state, front FROM followed
"""

# What somebody has locked is left for the next time.
OVERDUE: Final = f"""
SELECT {CLAIM} FROM queues_job AS job
WHERE state = 'active' AND started_at + timeout * interval '1 second' < clock_timestamp()
ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE OF job SKIP LOCKED
"""

# Before `doomed`: what must go with a job. After it: the job.
FORGOTTEN: Final = """
attempts_gone AS (DELETE FROM queues_attempt USING doomed WHERE job_id = doomed.id),
lines_gone AS (DELETE FROM queues_logline USING doomed WHERE job_id = doomed.id),
effects_gone AS (DELETE FROM queues_effect USING doomed WHERE job_id = doomed.id),
edges_gone AS (DELETE FROM queues_dependency USING doomed WHERE parent_id = doomed.id)
DELETE FROM queues_job USING doomed WHERE queues_job.id = doomed.id
RETURNING queues_job.id
"""

# Not pruned by count: somebody has to look into what kills processes.
CRASHED_STAYS: Final = "cause = 'crashed' AND finished_at > clock_timestamp() - interval '14 days'"
# A finished job stays while fewer than its own number (or its queue's) are newer, and it is not
# older than its own age (or its queue's, if it has neither). A count of -1 keeps all. Only the
# newest `depth` are looked at; NULL for all of them.
PRUNE: Final = f"""
WITH spare AS (
    SELECT id FROM (
        SELECT id, finished_at, unique_until, cause,
            coalesce(CASE %(state)s::text WHEN 'completed' THEN keep_completed
                                    WHEN 'failed' THEN keep_failed END, %(keep)s::int) AS keep,
            CASE WHEN %(state)s::text = 'completed' AND keep_completed IS NOT NULL
                     THEN keep_completed_age
                 WHEN %(state)s::text = 'failed' AND keep_failed IS NOT NULL THEN keep_failed_age
                 ELSE %(age)s::int END AS age,
            row_number() OVER (ORDER BY finished_at DESC, id DESC) AS place
        FROM (
            SELECT * FROM queues_job
            WHERE queue = %(queue)s::text AND state = %(state)s::text AND finished_at IS NOT NULL
            ORDER BY finished_at DESC, id DESC LIMIT %(depth)s::bigint) AS newest) AS ranked
    WHERE ((keep >= 0 AND place > keep AND NOT ({CRASHED_STAYS}))
           OR finished_at < clock_timestamp() - age * interval '1 second')
      AND (unique_until IS NULL OR unique_until <= clock_timestamp())
    LIMIT %(limit)s::bigint),
doomed AS (
    SELECT job.id FROM queues_job AS job JOIN spare ON spare.id = job.id
    WHERE job.state = %(state)s::text FOR UPDATE OF job SKIP LOCKED),
{FORGOTTEN}
"""

REMOVE_FINISHED: Final = f"""
WITH doomed AS (
    SELECT id FROM queues_job
    WHERE id = %(id)s AND state = %(state)s AND NOT ({CRASHED_STAYS})
      AND (unique_until IS NULL OR unique_until <= clock_timestamp())
    FOR UPDATE SKIP LOCKED),
{FORGOTTEN}
"""

ADD_METRIC: Final = """
INSERT INTO queues_metric AS metric (
    minute, queue, kind, completed, failed, retried, snoozed, timed_out, crashed, cancelled,
    wait_ms, run_ms)
VALUES (
    date_trunc('minute', clock_timestamp()), %(queue)s, %(kind)s, %(completed)s, %(failed)s,
    %(retried)s, %(snoozed)s, %(timed_out)s, %(crashed)s, %(cancelled)s, %(wait_ms)s, %(run_ms)s)
ON CONFLICT (minute, queue, kind) DO UPDATE SET
    completed = metric.completed + excluded.completed,
    failed = metric.failed + excluded.failed,
    retried = metric.retried + excluded.retried,
    snoozed = metric.snoozed + excluded.snoozed,
    timed_out = metric.timed_out + excluded.timed_out,
    crashed = metric.crashed + excluded.crashed,
    cancelled = metric.cancelled + excluded.cancelled,
    wait_ms = ARRAY(SELECT a + b FROM unnest(metric.wait_ms, excluded.wait_ms) AS t(a, b)),
    run_ms = ARRAY(SELECT a + b FROM unnest(metric.run_ms, excluded.run_ms) AS t(a, b))
"""
