"""What every adapter can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fediverse.platforms.records import Credentials, Page, Receipt

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

    def like(self, credentials: Credentials, native_id: str) -> Receipt:
        """Like a post by what its server calls it. Liking it again changes nothing."""
        ...

    def boost(self, credentials: Credentials, native_id: str) -> Receipt:
        """Pass a post on to the account's followers. Boosting it again changes nothing."""
        ...

    def reply(self, credentials: Credentials, native_id: str, *, text: str, key: str) -> Receipt:
        """Answer a post, seen by nobody who may not see the post; the receipt is the answer's.

        Where the account posts more narrowly by default, the answer is as narrow.
        `key` is the same whenever this very answer is sent: a server that knows such keys makes
        one post of it, others make one each time.
        """
        ...
