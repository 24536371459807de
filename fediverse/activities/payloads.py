"""What the jobs of this app are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from fediverse.activities.models import Sighting
from fediverse.platforms.registry import PLATFORMS
from queues.arguments import Arguments, ArgumentsError

ACTIONS: Final = ("fetchPosts", "fetch-posts")
FEEDS: Final = tuple(Sighting.Feed.values)


@dataclass(frozen=True, kw_only=True)
class FetchPosts(Arguments):
    """Read the newest posts of a user's accounts on a platform: of one account, if it is named.

    `action` is what clients call this; both spellings mean the same. `test_message` and
    `timestamp` are handed through for the open test endpoint. Raises ArgumentsError for an
    unknown platform, action or feed, before anything is queued.
    """

    kind: ClassVar[str] = "fetch-posts"

    user_id: str
    platform: str
    action: str = "fetchPosts"
    account_id: int | None = None
    feed: str = "home"
    test_message: str | None = None
    timestamp: str | None = None

    def __post_init__(self) -> None:
        _one_of("platform", self.platform, tuple(sorted(PLATFORMS)))
        _one_of("action", self.action, ACTIONS)
        _one_of("feed", self.feed, FEEDS)

    @property
    def job_name(self) -> str:
        return f"{self.action}-{self.platform}"

    @property
    def owner(self) -> str:
        return self.user_id

    @property
    def limit_key(self) -> str:
        return "" if self.account_id is None else account_key(self.account_id)


@dataclass(frozen=True, kw_only=True)
class FetchAllPosts(Arguments):
    """Fetch for every active account of one user, or of all users if none is named."""

    kind: ClassVar[str] = "fetch-all-posts"

    user_id: str | None = None

    @property
    def owner(self) -> str:
        return self.user_id or ""


def account_key(account_id: int) -> str:
    """Return what limits of an account go by: servers count what one account asks."""
    return f"account:{account_id}"


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArgumentsError(f"{field} is {value!r}; allowed: {', '.join(allowed)}.")
