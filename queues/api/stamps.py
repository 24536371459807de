"""Moments as the old service wrote them."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp() -> str:
    """Return this moment, in milliseconds and with a Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
