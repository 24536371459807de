from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from fediverse.activities.models import Sighting
from fediverse.activities.payloads.fields import account_key, one_of
from fediverse.platforms.registry import NAMES
from queues.arguments import Arguments

SYNC: Final = "sync-timeline"
FETCH_ALL: Final = "fetch-all-posts"
ACTIONS: Final = ("fetchPosts", "fetch-posts", SYNC)
FEEDS: Final = tuple(Sighting.Feed.values)


@dataclass(frozen=True, kw_only=True)
class FetchPosts(Arguments):
    """Read the newest posts of a user's accounts on a platform: of one account, if it is named.

    `action` is what clients call this; all spellings mean the same, but that `sync-timeline` is of
    the home feed. `test_message` and `timestamp` are handed through for the open test endpoint.
    Raises FieldError for an unknown platform, action or feed, before anything is queued.
    """

    kind: ClassVar[str] = "fetch-posts"
    # 2 names more platforms and actions.
    version: ClassVar[int] = 2

    user_id: str
    platform: str
    action: str = "fetchPosts"
    account_id: int | None = None
    feed: str = Sighting.Feed.HOME.value
    test_message: str | None = None
    timestamp: str | None = None

    def __post_init__(self) -> None:
        one_of("platform", self.platform, NAMES)
        one_of("action", self.action, ACTIONS)
        one_of("feed", self.feed, (Sighting.Feed.HOME.value,) if self.action == SYNC else FEEDS)

    @classmethod
    def example(cls, owner: str) -> dict[str, Any]:
        """Return a payload that a person may begin with."""
        return {"userId": owner, "platform": "mastodon"}

    @property
    def job_name(self) -> str:
        return f"{self.action}-{self.platform}"

    @property
    def owner(self) -> str:
        return self.user_id

    @property
    def limit_key(self) -> str:
        return account_key(self.account_id, self.user_id)


@dataclass(frozen=True, kw_only=True)
class FetchAllPosts(Arguments):
    """Fetch for every active account of one user, or of all users if none is named.

    With a platform, for the accounts on that one alone. Raises FieldError, as FetchPosts does.
    """

    kind: ClassVar[str] = FETCH_ALL
    # 2 has a platform and an action.
    version: ClassVar[int] = 2

    user_id: str | None = None
    platform: str | None = None
    action: str = FETCH_ALL

    def __post_init__(self) -> None:
        one_of("action", self.action, (FETCH_ALL,))
        if self.platform is not None:
            one_of("platform", self.platform, NAMES)

    @property
    def job_name(self) -> str:
        return self.action if self.platform is None else f"{self.action}-{self.platform}"

    @property
    def owner(self) -> str:
        return self.user_id or ""
