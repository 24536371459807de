"""What the HTTP API remembers of its callers."""

from __future__ import annotations

from typing import Final

_LEFT: Final = """least(%(burst)s::float8, bucket.tokens
    + greatest(0, extract(epoch FROM clock_timestamp() - bucket.filled_at)::float8) * %(rate)s)"""
_FULL_AT: Final = (
    "clock_timestamp() + (%(burst)s - ({left} - %(count)s)) / %(rate)s * interval '1 second'"
)

# Read alone, so that those who are refused write nothing.
TOKENS_LEFT: Final = f"SELECT {_LEFT} FROM queues_bucket AS bucket WHERE key = %(key)s"

TAKE_TOKENS: Final = f"""
INSERT INTO queues_bucket AS bucket (key, tokens, filled_at, full_at)
VALUES (
    %(key)s, %(burst)s - %(count)s, clock_timestamp(),
    clock_timestamp() + %(count)s / %(rate)s * interval '1 second'
)
ON CONFLICT (key) DO UPDATE SET
    tokens = {_LEFT} - %(count)s, filled_at = clock_timestamp(),
    full_at = {_FULL_AT.format(left=_LEFT)}
WHERE {_LEFT} >= %(count)s
RETURNING tokens
"""

# False while another transaction, which is not over, has the same key.
TRY_KEY: Final = """
SELECT pg_try_advisory_xact_lock(hashtextextended(%(principal)s || ' ' || %(key)s, 6))
"""

FORGET_REQUESTS: Final = """
DELETE FROM queues_idempotencykey WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM queues_idempotencykey
    WHERE created_at < clock_timestamp() - %(age)s * interval '1 second'
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
"""

FORGET_BUCKETS: Final = """
DELETE FROM queues_bucket WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM queues_bucket WHERE full_at < clock_timestamp()
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
"""
