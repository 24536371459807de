"""What every adapter can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fediverse.platforms.records import Credentials, Page

# Reads a JSON document; raises ValueError for one that it does not take.
Loads = Callable[[bytes], object]


class Platform(Protocol):
    """One platform's API. Safe in any thread. Every call may raise a PlatformError."""

    def home_timeline(
        self, credentials: Credentials, *, limit: int, url: str | None = None
    ) -> Page:
        """Return the newest posts of those whom the account follows, or the page at `url`.

        `url` is an earlier page's `next_url`; one that leads elsewhere is Refused.
        """
        ...

    def public_timeline(
        self, credentials: Credentials, *, limit: int, url: str | None = None
    ) -> Page:
        """Return the newest public posts that the server knows, or the page at `url`."""
        ...
