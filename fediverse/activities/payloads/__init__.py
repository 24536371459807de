"""What the jobs of this app are told."""

from __future__ import annotations

from fediverse.activities.payloads.acting import PerformAction
from fediverse.activities.payloads.fetching import FetchAllPosts, FetchPosts
from fediverse.activities.payloads.notifying import Notify

__all__ = ["FetchAllPosts", "FetchPosts", "Notify", "PerformAction"]
