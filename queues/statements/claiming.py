"""Taking jobs: waiting to active, with one more attempt and a new token."""

from __future__ import annotations

from typing import Final

# The columns of queues.claims.Claim, in its order.
CLAIM: Final = """
    job.id, job.queue, job.kind, job.name, job.owner, job.payload, job.attempt,
    job.max_attempts, job.backoff, job.token, job.priority, job.timeout, job.crashes,
    job.keep_completed, job.keep_failed, job.unique_until IS NOT NULL, job.limit_key,
    job.payload_version, job.is_child, job.is_suspect,
    (extract(epoch FROM job.started_at - job.run_at) * 1000)::float8
"""
# A worker that has no row any more claims nothing: `job_active_has_worker` refuses the NULL. The
# lock keeps a rescuer from burying the worker between this look and the claim.
LEASE: Final = (
    "lease AS (SELECT id, name, version FROM queues_worker WHERE id = %(worker)s FOR KEY SHARE)"
)
# The rows are locked, so they are found again by where they lie; one that was changed between the
# look and the lock is not, and waits for the next look.
CLAIMED: Final = f"""
UPDATE queues_job AS job
SET state = 'active', front = false, attempt = attempt + 1, token = token + 1,
    worker_id = (SELECT id FROM lease), worker_name = coalesce((SELECT name FROM lease), ''),
    code_version = (SELECT version FROM lease),
    started_at = clock_timestamp(), finished_at = NULL,
    progress = NULL, result = NULL, cause = '', error_class = '', error_message = ''
FROM picked WHERE job.ctid = picked.ctid
RETURNING {CLAIM}
"""
# The order of service. Of a job with an owner, the place is given when it begins to wait, by a
# trigger (see ADR 0022), so that owners take turns; of all others it is when they were due.
PLACE: Final = "coalesce(turn_at, run_at)"
IN_ORDER: Final = f"front DESC, priority, {PLACE}, id"
# Paused queues are closed to claims. Those with a cap or a rate, and jobs whose key is limited, are
# for `queues.statements.turns`.
_OPEN: Final = """
queue NOT IN (
    SELECT name FROM queues_queuecontrol
    WHERE paused_at IS NOT NULL OR cap IS NOT NULL OR rate IS NOT NULL)
"""

# A key that no limit fits and that nobody closed holds nothing back, where keys do not take turns.
_UNLIMITED: Final = """
(limit_key = '' OR (
    queue NOT IN (SELECT name FROM queues_queuecontrol WHERE is_fair)
    AND NOT EXISTS (SELECT FROM queues_limit AS most WHERE most.key = limit_key)
    AND NOT EXISTS (
        SELECT FROM queues_limit AS most
        WHERE most.key LIKE '%%*' AND starts_with(limit_key, left(most.key, -1)))
    AND NOT EXISTS (
        SELECT FROM queues_limitkey AS kept
        WHERE kept.key = limit_key AND kept.closed_until > clock_timestamp())))
"""

# Hints are served in the order of their arrival. Of a job that waits behind others of its owner, it
# decides nothing: that job is found by a poll, in the order of service.
_ITS_TURN: Final = "(turn_at IS NULL OR turn_at <= greatest(run_at, created_at))"

# By primary key: state and queue are hidden from the planner, which would else walk the index of
# all that waits, or of a whole queue.
CLAIM_BY_ID: Final = f"""
WITH {LEASE}, picked AS (
    SELECT job.ctid FROM unnest(%(ids)s::bigint[]) AS offered(id)
    JOIN queues_job AS job ON job.id = offered.id
    WHERE state || '' = 'waiting' AND {_ITS_TURN} AND {_UNLIMITED.strip()}
      AND queue || '' = ANY(%(queues)s::text[]) AND kind = ANY(%(kinds)s::text[]) AND {_OPEN}
    FOR NO KEY UPDATE OF job SKIP LOCKED)
{CLAIMED}
"""

# One job, whatever its queue and its key say. For tests.
CLAIM_ONE: Final = f"""
WITH {LEASE}, picked AS (
    SELECT job.ctid FROM queues_job AS job
    WHERE job.id = %(id)s AND state || '' = 'waiting' AND kind = ANY(%(kinds)s::text[])
    FOR NO KEY UPDATE OF job SKIP LOCKED)
{CLAIMED}
"""

# The look into Postgres: as many rows of each queue as it has free slots, in order of service.
CLAIM_WAITING: Final = f"""
WITH {LEASE}, picked AS (
    SELECT taken.ctid
    FROM unnest(%(queues)s::text[], %(limits)s::int[]) AS want(queue, slots)
    CROSS JOIN LATERAL (
        SELECT ctid FROM queues_job
        WHERE queue = want.queue AND limit_key = '' AND state = 'waiting'
          AND kind = ANY(%(kinds)s::text[])
        ORDER BY {IN_ORDER}
        LIMIT want.slots
        FOR NO KEY UPDATE SKIP LOCKED) AS taken
    WHERE want.{_OPEN.strip()})
{CLAIMED}
"""

# Those that wait in a paused queue, in order of service.
PAUSED_AMONG: Final = """
SELECT job.id, job.queue, job.priority FROM queues_job AS job
JOIN queues_queuecontrol AS control ON control.name = job.queue
WHERE job.id = ANY(%(ids)s::bigint[]) AND job.state || '' = 'waiting'
  AND control.paused_at IS NOT NULL
ORDER BY job.front DESC, job.priority, job.run_at, job.id
"""

QUEUE_OF: Final = "SELECT queue FROM queues_job WHERE id = %(id)s AND state = 'waiting'"
