"""Who waits for whom, and what the end of one job means for another.

Rows are locked in one order by everybody: a job that ends, its edges, then its parents by their
ids. A flow inserts children before their parents, so ids grow from the bottom to the top.
"""

from __future__ import annotations

from typing import Final

from queues.statements.accepting import FINISHED

INSERT_EDGES: Final = """
INSERT INTO queues_dependency (parent_id, child_id, child_name, on_failure, state, error)
SELECT parent_id, child_id, child_name, on_failure, 'pending', ''
FROM unnest(%(parents)s::bigint[], %(children)s::bigint[], %(names)s::text[],
    %(on_failure)s::text[]) WITH ORDINALITY AS edge(
    parent_id, child_id, child_name, on_failure, place)
ORDER BY place
"""

# Whoever would release the parent waits, and then sees the new edges.
LOCK_PARENT: Final = """
SELECT state FROM queues_job WHERE id = %(id)s FOR NO KEY UPDATE
"""

# The job is its worker's no more; the attempt is given back, and was no crash.
PARK: Final = """
UPDATE queues_job
SET state = 'waiting-children', attempt = attempt - 1, crashes = 0, is_suspect = false,
    worker_id = NULL
WHERE id = %(id)s AND token = %(token)s AND state = 'active'
RETURNING id
"""

# What became of the children of an earlier wait is known to the job, and decides nothing more.
SPEND_EDGES: Final = """
UPDATE queues_dependency SET on_failure = 'ignore'
WHERE parent_id = %(id)s AND on_failure IN ('fail', 'continue')
  AND state IN ('failed', 'cancelled', 'removed')
RETURNING child_id
"""

# What the edges keep of jobs that ended: those that are finished, and those that are gone.
# Retention may delete the job in the next moment.
RECORD: Final = f"""
WITH ended AS (
    SELECT given.id, coalesce(job.state, 'removed') AS state,
        CASE WHEN job.state = 'completed' THEN job.result END AS result,
        CASE WHEN job.id IS NULL THEN 'It was removed.'
             WHEN job.state = 'cancelled' THEN 'It was cancelled.'
             ELSE job.error_message END AS error
    FROM unnest(%(ids)s::bigint[]) AS given(id)
    LEFT JOIN queues_job AS job ON job.id = given.id
    WHERE job.id IS NULL OR job.state IN {FINISHED}),
forgotten AS (
    DELETE FROM queues_dependency AS edge USING ended
    WHERE edge.child_id = ended.id AND edge.state = 'pending'
      AND edge.on_failure = 'remove' AND ended.state <> 'completed'
    RETURNING edge.parent_id, false AS fails),
noted AS (
    UPDATE queues_dependency AS edge
    SET state = ended.state, result = ended.result, error = ended.error
    FROM ended
    WHERE edge.child_id = ended.id AND edge.state = 'pending'
      AND NOT (edge.on_failure = 'remove' AND ended.state <> 'completed')
    RETURNING edge.parent_id, edge.on_failure = 'fail' AND edge.state <> 'completed')
SELECT parent_id, bool_or(fails)
FROM (SELECT * FROM forgotten UNION ALL SELECT * FROM noted) AS touched
GROUP BY parent_id
"""

# The parents, and everything above those that will fail: one that fails is a child that ended.
LOCK_WAITING: Final = """
WITH RECURSIVE above(id) AS (
    SELECT unnest(%(failing)s::bigint[])
    UNION SELECT edge.parent_id
    FROM above JOIN queues_dependency AS edge ON edge.child_id = above.id),
wanted AS (SELECT id FROM above UNION SELECT unnest(%(parents)s::bigint[]))
SELECT job.id FROM queues_job AS job JOIN wanted ON wanted.id = job.id
WHERE job.state = 'waiting-children'
ORDER BY job.id FOR NO KEY UPDATE OF job
"""

_TROUBLED: Final = "edge.state IN ('failed', 'cancelled', 'removed')"
_FAILING: Final = f"edge.on_failure = 'fail' AND {_TROUBLED}"

# After LOCK_WAITING, in its transaction, and a statement of its own: it must see what was committed
# by whoever held the locks before.
DECIDE: Final = f"""
WITH fate AS (
    SELECT job.id, blame.child_id, blame.child_name, blame.state, blame.error
    FROM queues_job AS job LEFT JOIN LATERAL (
        SELECT * FROM queues_dependency AS edge
        WHERE edge.parent_id = job.id AND {_FAILING}
        ORDER BY edge.id LIMIT 1) AS blame ON true
    WHERE job.id = ANY(%(parents)s::bigint[]) AND job.state = 'waiting-children' AND (
        blame.id IS NOT NULL
        OR EXISTS (SELECT FROM queues_dependency AS edge WHERE edge.parent_id = job.id
                   AND edge.on_failure = 'continue' AND {_TROUBLED})
        OR NOT EXISTS (SELECT FROM queues_dependency AS edge
                       WHERE edge.parent_id = job.id AND edge.state = 'pending')))
UPDATE queues_job AS job
SET state = CASE WHEN fate.child_id IS NOT NULL THEN 'failed'
                 WHEN job.run_at > clock_timestamp() THEN 'delayed' ELSE 'waiting' END,
    run_at = CASE WHEN fate.child_id IS NOT NULL THEN job.run_at
                  ELSE greatest(job.run_at, clock_timestamp()) END,
    finished_at = CASE WHEN fate.child_id IS NOT NULL THEN clock_timestamp() END,
    cause = CASE WHEN fate.child_id IS NOT NULL THEN 'child' ELSE '' END, fingerprint = '',
    error_message = CASE WHEN fate.child_id IS NULL THEN ''
        ELSE left(format('Job %%s (%%s), for which it waited, %%s: %%s', fate.child_id,
            fate.child_name,
            CASE fate.state WHEN 'failed' THEN 'failed' ELSE 'did not complete' END,
            coalesce(nullif(fate.error, ''), 'no message')), 4096) END
FROM fate WHERE job.id = fate.id AND job.state = 'waiting-children'
RETURNING job.id, job.queue, job.kind, job.priority, job.front, job.state, job.is_child,
    job.error_message
"""

# All that may be reopened above a child, from the bottom to the top.
LOCK_REOPENED: Final = """
WITH RECURSIVE above(id) AS (
    SELECT parent_id FROM queues_dependency WHERE child_id = %(id)s
    UNION SELECT edge.parent_id
    FROM above JOIN queues_dependency AS edge ON edge.child_id = above.id)
SELECT job.id FROM queues_job AS job JOIN above ON above.id = job.id
WHERE job.state = 'waiting-children' OR (job.state = 'failed' AND job.cause = 'child')
ORDER BY job.id FOR NO KEY UPDATE OF job
"""
REOPEN_EDGES: Final = """
UPDATE queues_dependency AS edge SET state = 'pending', result = NULL, error = ''
WHERE edge.child_id = ANY(%(children)s::bigint[]) AND edge.parent_id = ANY(%(locked)s::bigint[])
  AND edge.state <> 'pending'
RETURNING edge.parent_id
"""
# Not while another child would fail it again at once.
REOPEN_PARENTS: Final = f"""
UPDATE queues_job AS job
SET state = 'waiting-children', attempt = 0, finished_at = NULL, cause = '', error_message = ''
WHERE job.id = ANY(%(parents)s::bigint[]) AND job.state = 'failed' AND job.cause = 'child'
  AND NOT EXISTS (
    SELECT FROM queues_dependency AS edge WHERE edge.parent_id = job.id AND {_FAILING})
RETURNING job.id
"""

# A window of the edges whose child may have ended without anybody having said so.
PENDING_EDGES: Final = f"""
SELECT edge.parent_id, edge.child_id,
    job.id IS NULL OR job.state IN {FINISHED}
FROM (
    SELECT parent_id, child_id FROM queues_dependency
    WHERE state = 'pending' AND (parent_id, child_id) > (%(parent)s::bigint, %(child)s::bigint)
    ORDER BY parent_id, child_id LIMIT %(limit)s) AS edge
LEFT JOIN queues_job AS job ON job.id = edge.child_id
ORDER BY edge.parent_id, edge.child_id
"""
# One whose child is being moved just now is left to whoever moves it.
LOCK_FORGOTTEN: Final = """
SELECT id FROM queues_job WHERE id = ANY(%(ids)s::bigint[])
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
PRESENT: Final = "SELECT id FROM queues_job WHERE id = ANY(%(ids)s::bigint[])"

# A window of the parents that wait, and whether that is for nothing.
WAITING_PARENTS: Final = f"""
SELECT job.id,
    NOT EXISTS (SELECT FROM queues_dependency AS edge
                WHERE edge.parent_id = job.id AND edge.state = 'pending')
    OR EXISTS (SELECT FROM queues_dependency AS edge
               WHERE edge.parent_id = job.id AND {_TROUBLED}
                 AND edge.on_failure IN ('fail', 'continue'))
FROM queues_job AS job
WHERE job.state = 'waiting-children' AND job.id > %(parent)s
ORDER BY job.id LIMIT %(limit)s
"""

# Breadth first. The limit ends the search: there may be very many ways through a graph.
TREE: Final = """
WITH RECURSIVE found(id, parent_id, child_name, edge_state, on_failure, depth, edge_id) AS (
    SELECT child_id, parent_id, child_name::text, state::text, on_failure::text, 1, id
    FROM (SELECT * FROM queues_dependency WHERE parent_id = %(id)s ORDER BY id LIMIT %(limit)s) AS e
    UNION ALL
    SELECT edge.child_id, edge.parent_id, edge.child_name::text, edge.state::text,
        edge.on_failure::text, found.depth + 1, edge.id
    FROM found CROSS JOIN LATERAL (
        SELECT * FROM queues_dependency AS below WHERE below.parent_id = found.id
        ORDER BY id LIMIT %(limit)s) AS edge
    WHERE found.depth < %(depth)s)
SELECT found.parent_id, found.id, found.child_name, coalesce(job.state, found.edge_state),
    found.on_failure
FROM (SELECT * FROM found LIMIT %(limit)s) AS found
LEFT JOIN queues_job AS job ON job.id = found.id
ORDER BY found.depth, found.edge_id
"""

# Unfinished jobs below one, none of whose parents is unfinished.
ORPHANS: Final = f"""
SELECT job.id FROM queues_dependency AS edge JOIN queues_job AS job ON job.id = edge.child_id
WHERE edge.parent_id = ANY(%(parents)s::bigint[])
  AND job.state NOT IN {FINISHED}
  AND NOT EXISTS (
    SELECT FROM queues_dependency AS other JOIN queues_job AS above ON above.id = other.parent_id
    WHERE other.child_id = job.id AND above.state NOT IN {FINISHED})
GROUP BY job.id ORDER BY job.id
"""

PROGRESS: Final = """
SELECT count(*), count(*) FILTER (WHERE state = 'pending'),
    count(*) FILTER (WHERE state = 'completed'), count(*) FILTER (WHERE state = 'failed'),
    count(*) FILTER (WHERE state IN ('cancelled', 'removed'))
FROM queues_dependency WHERE parent_id = %(id)s
"""

# What watches a batch's jobs beside the batch: all of them have the same parents.
WATCHERS: Final = """
SELECT DISTINCT job.id FROM queues_dependency AS edge
JOIN queues_dependency AS other ON other.child_id = edge.child_id
JOIN queues_job AS job ON job.id = other.parent_id
WHERE edge.parent_id = %(id)s AND job.kind = %(kind)s
ORDER BY job.id
"""
