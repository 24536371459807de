"""The adapters, wired: one guarded HTTP client for the whole process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from fediverse.platforms.http import HttpClient, HttpPolicy
from fediverse.platforms.registry import get_platform
from queues import strict_json

if TYPE_CHECKING:
    from fediverse.platforms.base import Platform


@cache
def http_client() -> HttpClient:
    """Return the client that everything remote goes through. Safe in any thread."""
    return HttpClient(
        HttpPolicy(local=settings.LOCAL_INSTANCES, user_agent=settings.REMOTE_USER_AGENT)
    )


@cache
def adapter(platform: str) -> Platform:
    """Return the adapter of a platform. Raises what the registry raises for an unknown one."""
    return get_platform(platform, http_client(), strict_json.loads)
