"""The adapters, wired: one guarded HTTP client for the whole process."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Final

from django.conf import settings

from fediverse.platforms.http import HttpClient, HttpPolicy
from fediverse.platforms.registry import get_platform
from queues import strict_json

if TYPE_CHECKING:
    from fediverse.platforms.base import Platform


# A page of 40 boosts with images has some 17,000 values; its bytes are bounded by the client.
MAX_NODES: Final = 100_000


@cache
def http_client() -> HttpClient:
    """Return the client that everything remote goes through. Safe in any thread."""
    return HttpClient(
        HttpPolicy(local=settings.LOCAL_INSTANCES, user_agent=settings.REMOTE_USER_AGENT)
    )


@cache
def adapter(platform: str) -> Platform:
    """Return the adapter of a platform. Raises what the registry raises for an unknown one."""
    return get_platform(platform, http_client(), partial(strict_json.loads, max_nodes=MAX_NODES))
