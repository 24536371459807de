"""The one way to speak to another server."""

from __future__ import annotations

from fediverse.platforms.http.client import HttpClient, Reply
from fediverse.platforms.http.policy import HttpPolicy

__all__ = ["HttpClient", "HttpPolicy", "Reply"]
