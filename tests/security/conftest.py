"""What attacks need that other tests have already."""

from __future__ import annotations

from tests.fediverse.activities.conftest import link, reachable
from tests.fediverse.conftest import lively_mastodon, scripted

__all__ = ["link", "lively_mastodon", "reachable", "scripted"]
