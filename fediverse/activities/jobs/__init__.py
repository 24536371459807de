"""Handlers: load, call a service, say what came of it."""

from __future__ import annotations

from fediverse.activities.jobs.acting import perform_action
from fediverse.activities.jobs.fetching import fetch_all_posts, fetch_posts
from fediverse.activities.jobs.notifying import notify

__all__ = ["fetch_all_posts", "fetch_posts", "notify", "perform_action"]
