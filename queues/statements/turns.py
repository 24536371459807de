"""Taking jobs where limits or fair turns say which. Lane: the waiting jobs of a key in a queue."""

from __future__ import annotations

from typing import Final

from queues.statements.claiming import CLAIMED, IN_ORDER, LEASE, PLACE

# The longest that fits counts as a whole, and a key's own before any. Each half has its own index.
LIMIT_OF: Final = """
    SELECT key, concurrency, rate, per_seconds FROM (
        SELECT *, true AS is_own FROM queues_limit WHERE key = {key}
        UNION ALL
        SELECT *, false FROM queues_limit
        WHERE key LIKE '%%*' AND starts_with({key}, left(key, -1))) AS fits
    ORDER BY is_own DESC, length(key) DESC LIMIT 1
"""
LIMIT_NAMED: Final = LIMIT_OF.format(key="%(key)s")
_NEXT: Final = """
    SELECT limit_key FROM queues_job
    WHERE queue = {queue} AND state = 'waiting' AND limit_key > {key}
    ORDER BY limit_key LIMIT 1
"""

# Queues with a cap or a rate, whose jobs without a key are a lane too.
LIMITED: Final = """
SELECT name, '', NULL, NULL, NULL, true, coalesce(opens_at <= clock_timestamp(), true)
FROM queues_queuecontrol
WHERE name = ANY(%(queues)s) AND paused_at IS NULL AND (cap IS NOT NULL OR rate IS NOT NULL)
"""

# From key to key through the index, however many jobs a key has. Who may run is found out again
# under the locks that follow; `is_open` spares the trouble.
LANES: Final = f"""
WITH RECURSIVE want AS (
    SELECT queue, %(after)s::text AS after FROM unnest(%(queues)s::text[]) AS w(queue)),
lane AS (
    SELECT want.queue, first.limit_key AS key, 1 AS nth FROM want
    CROSS JOIN LATERAL ({_NEXT.format(queue="want.queue", key="want.after")}) AS first
    UNION ALL
    SELECT lane.queue, next.limit_key, nth + 1 FROM lane
    CROSS JOIN LATERAL ({_NEXT.format(queue="lane.queue", key="lane.key")}) AS next)
(SELECT lane.queue, lane.key, most.concurrency, most.rate, most.per_seconds, kept.key IS NOT NULL,
    coalesce(kept.closed_until <= clock_timestamp(), true)
    AND (most.rate IS NULL OR coalesce(kept.opens_at <= clock_timestamp(), true))
    AND (most.concurrency IS NULL OR most.concurrency > (
        SELECT count(*) FROM queues_job
        WHERE state = 'active' AND limit_key <> '' AND limit_key = lane.key))
FROM (SELECT * FROM lane LIMIT %(most)s) AS lane
LEFT JOIN LATERAL ({LIMIT_OF.format(key="lane.key")}) AS most ON true
LEFT JOIN queues_limitkey AS kept ON kept.key = lane.key
ORDER BY lane.nth, lane.queue)
UNION ALL ({LIMITED})
"""

# One claimer at a time for each queue with a cap or a rate; one that is locked is being served by
# somebody else. Paused ones too: they may be resumed before the claim, which looks whether they
# are.
LOCK_QUEUES: Final = """
SELECT name, cap, rate, per_seconds, "window" FROM queues_queuecontrol
WHERE name = ANY(%(queues)s) AND (cap IS NOT NULL OR rate IS NOT NULL)
ORDER BY name FOR UPDATE SKIP LOCKED
"""
# After the locks, in a statement of its own: a queue whose limit is new by then counts as well.
LIMITED_QUEUES: Final = """
SELECT name FROM queues_queuecontrol
WHERE name = ANY(%(queues)s) AND (cap IS NOT NULL OR rate IS NOT NULL)
"""
COUNT_ACTIVE: Final = """
SELECT queue, count(*) FROM queues_job
WHERE state = 'active' AND queue = ANY(%(queues)s) GROUP BY queue
"""
FAIR: Final = "SELECT name FROM queues_queuecontrol WHERE name = ANY(%(queues)s) AND is_fair"

ADD_KEYS: Final = """
INSERT INTO queues_limitkey (key, "window", forget_at)
SELECT key, '[]', clock_timestamp() + interval '1 hour'
FROM unnest(%(keys)s::text[]) AS new(key) ORDER BY key
ON CONFLICT (key) DO NOTHING
"""
NOT_LONG: Final = "SET LOCAL lock_timeout = '50ms'"
# A key that is locked is being served by somebody else, right now. Its limit is read here, for who
# changes one waits for those that have read it.
LOCK_KEYS: Final = f"""
SELECT kept.key, kept."window", coalesce(kept.closed_until > clock_timestamp(), false),
    most.concurrency, most.rate, most.per_seconds
FROM queues_limitkey AS kept
LEFT JOIN LATERAL ({LIMIT_OF.format(key="kept.key")}) AS most ON true
WHERE kept.key = ANY(%(keys)s) ORDER BY kept.key FOR UPDATE OF kept SKIP LOCKED
"""
# After the locks, in a statement of its own: it must see what was committed before them.
RUNNING: Final = """
SELECT limit_key, count(*) FROM queues_job
WHERE state = 'active' AND limit_key <> '' AND limit_key = ANY(%(keys)s) GROUP BY limit_key
"""
NOW: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

# The first of each lane, as many as there is room for; of these, a queue's room in its order: the
# first of every lane, then the second of every lane, or simply by the order of service.
CLAIM_LANES: Final = f"""
WITH {LEASE}, due AS (
    SELECT first.id, lane.room AS room, row_number() OVER (
        PARTITION BY lane.queue
        ORDER BY CASE WHEN lane.is_fair THEN first.nth END,
            CASE WHEN lane.is_fair THEN lane.number END,
            first.front DESC, first.priority, first.place, first.id) AS turn
    FROM unnest(
        %(queues)s::text[], %(keys)s::text[], %(takes)s::int[], %(rooms)s::int[],
        %(fair)s::bool[]) WITH ORDINALITY AS lane(queue, key, take, room, is_fair, number)
    CROSS JOIN LATERAL (
        SELECT id, front, priority, {PLACE} AS place,
            row_number() OVER (ORDER BY {IN_ORDER}) AS nth
        FROM queues_job
        WHERE queue = lane.queue AND limit_key = lane.key AND state = 'waiting'
          AND kind = ANY(%(kinds)s::text[])
        ORDER BY {IN_ORDER} LIMIT lane.take) AS first
    WHERE lane.queue NOT IN (
        SELECT name FROM queues_queuecontrol WHERE paused_at IS NOT NULL)),
picked AS (
    SELECT job.ctid FROM due JOIN queues_job AS job ON job.id = due.id
    WHERE due.turn <= due.room AND job.state || '' = 'waiting'
    FOR NO KEY UPDATE OF job SKIP LOCKED)
{CLAIMED}
"""

KEEP_KEYS: Final = """
UPDATE queues_limitkey AS kept
SET "window" = new."window",
    opens_at = timestamptz 'epoch' + new.opens_at * interval '1 microsecond',
    forget_at = clock_timestamp() + new.per * interval '2 seconds' + interval '1 hour'
FROM unnest(%(keys)s::text[], %(windows)s::jsonb[], %(opens_at)s::bigint[], %(pers)s::float8[])
    AS new(key, "window", opens_at, per)
WHERE kept.key = new.key
"""
KEEP_QUEUES: Final = """
UPDATE queues_queuecontrol AS kept
SET "window" = new."window",
    opens_at = timestamptz 'epoch' + new.opens_at * interval '1 microsecond'
FROM unnest(%(keys)s::text[], %(windows)s::jsonb[], %(opens_at)s::bigint[], %(pers)s::float8[])
    AS new(key, "window", opens_at, per)
WHERE kept.name = new.key
"""

# In how many seconds the next rate or closed key opens.
NEXT_OPENING: Final = """
SELECT extract(epoch FROM min(opens) - clock_timestamp())::float8 FROM (
    (SELECT GREATEST(opens_at, closed_until) AS opens FROM queues_limitkey
     WHERE (opens_at IS NOT NULL OR closed_until IS NOT NULL)
       AND GREATEST(opens_at, closed_until) > (SELECT clock_timestamp())
     ORDER BY GREATEST(opens_at, closed_until) LIMIT 1)
    UNION ALL
    SELECT opens_at FROM queues_queuecontrol
    WHERE opens_at > clock_timestamp() AND name = ANY(%(queues)s)) AS closed
"""

CLOSE_KEYS: Final = """
INSERT INTO queues_limitkey AS kept (key, "window", forget_at, closed_until)
SELECT key, '[]', clock_timestamp() + interval '1 hour',
    clock_timestamp() + max(seconds) * interval '1 second'
FROM unnest(%(keys)s::text[], %(seconds)s::float8[]) AS new(key, seconds)
GROUP BY key ORDER BY key
ON CONFLICT (key) DO UPDATE SET closed_until = greatest(kept.closed_until, excluded.closed_until)
"""
GIVE_KEYS: Final = """
UPDATE queues_job SET limit_key = new.key
FROM unnest(%(ids)s::bigint[], %(tokens)s::bigint[], %(keys)s::text[]) AS new(id, token, key)
WHERE queues_job.id = new.id AND queues_job.token = new.token AND limit_key <> new.key
  AND state = 'waiting'
"""
OPEN_KEY: Final = """
UPDATE queues_limitkey SET closed_until = NULL, opens_at = NULL
WHERE key = %(key)s AND GREATEST(opens_at, closed_until) > clock_timestamp() RETURNING key
"""
# The keys that a limit fits, which a rate may keep closed that is no more. Waits for whoever claims
# by what the limit was.
OPEN_KEYS: Final = """
UPDATE queues_limitkey SET opens_at = NULL
WHERE key = %(key)s
   OR (right(%(key)s, 1) = '*' AND starts_with(key, left(%(key)s, -1)))
"""

# For people: the keys with running jobs first, then those that only wait, each counted so far.
KEYS_IN_USE: Final = f"""
WITH RECURSIVE running AS (
    SELECT limit_key AS key, count(*) AS number, (array_agg(id ORDER BY id))[:%(holders)s] AS ids
    FROM queues_job WHERE state = 'active' AND limit_key <> '' GROUP BY limit_key),
lane AS (
    SELECT of.queue, first.limit_key AS key FROM unnest(%(queues)s::text[]) AS of(queue)
    CROSS JOIN LATERAL ({_NEXT.format(queue="of.queue", key="''")}) AS first
    UNION ALL
    SELECT lane.queue, next.limit_key FROM lane
    CROSS JOIN LATERAL ({_NEXT.format(queue="lane.queue", key="lane.key")}) AS next),
known AS (
    SELECT key FROM running
    UNION SELECT key FROM (SELECT key FROM lane LIMIT %(most)s) AS waiting
    UNION SELECT key FROM queues_limitkey WHERE closed_until > clock_timestamp())
SELECT known.key, most.key, most.concurrency, most.rate, most.per_seconds,
    coalesce(running.number, 0), running.ids,
    (SELECT count(*) FROM (
        SELECT FROM unnest(%(queues)s::text[]) AS of(queue) CROSS JOIN LATERAL (
            SELECT FROM queues_job
            WHERE queue = of.queue AND limit_key = known.key AND state = 'waiting' LIMIT 1000)
        AS one LIMIT 1000) AS found),
    greatest(
        CASE WHEN kept.opens_at > clock_timestamp() THEN kept.opens_at END,
        CASE WHEN kept.closed_until > clock_timestamp() THEN kept.closed_until END)
FROM known
LEFT JOIN running ON running.key = known.key
LEFT JOIN queues_limitkey AS kept ON kept.key = known.key
LEFT JOIN LATERAL ({LIMIT_OF.format(key="known.key")}) AS most ON true
ORDER BY coalesce(running.number, 0) DESC, known.key LIMIT %(most)s
"""

# Of which nothing counts any more.
FORGET_KEYS: Final = """
DELETE FROM queues_limitkey WHERE key IN (
    SELECT key FROM queues_limitkey
    WHERE forget_at < (SELECT clock_timestamp())
      AND coalesce(closed_until < clock_timestamp(), true)
    ORDER BY forget_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""
