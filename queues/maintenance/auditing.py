"""Entries of the audit are let go when they are old."""

from __future__ import annotations

from typing import Final

from queues.conf import audit_days
from queues.database import execute
from queues.statements.operating import FORGET_AUDIT

LIMIT: Final = 5000


def run_once() -> int:
    """Delete entries older than AUDIT_DAYS, 5,000 at most; return how many."""
    return execute(FORGET_AUDIT, {"days": audit_days(), "limit": LIMIT})
