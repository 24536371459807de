from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from fediverse.activities.payloads.fields import FieldError, account_key, fits, one_of, within
from fediverse.platforms.registry import NAMES
from queues.arguments import Arguments

LIKE: Final = "like-post"
COMMENT: Final = "comment-post"
SHARE: Final = "share-post"
ACTIONS: Final = (LIKE, COMMENT, SHARE)
MAX_TARGET: Final = 64
MAX_TEXT: Final = 5000
# It becomes part of an address on another server.
TARGET: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_TARGET}}}")
TARGET_IN_WORDS: Final = f"1 to {MAX_TARGET} letters, digits, hyphens and underscores"


@dataclass(frozen=True, kw_only=True)
class PerformAction(Arguments):
    """Like, answer or pass on a post by a user's account: the one that is named, or the only one.

    `target_id` is what the account's own server calls the post. `text` is the answer's, and belongs
    to `comment-post` alone. Raises FieldError for what could not be carried out anywhere.
    """

    kind: ClassVar[str] = "user-action"
    private: ClassVar[frozenset[str]] = frozenset({"text"})

    user_id: str
    action: str
    target_id: str
    platform: str
    account_id: int | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        one_of("action", self.action, ACTIONS)
        one_of("platform", self.platform, NAMES)
        fits("target_id", self.target_id, TARGET, TARGET_IN_WORDS)
        if self.action == COMMENT:
            within("text", self.text or "", MAX_TEXT)
        elif self.text is not None:
            raise FieldError("text", f"is not allowed with {self.action}; allowed: {COMMENT}.")

    @classmethod
    def example(cls, owner: str) -> dict[str, Any]:
        """Return a payload that a person may begin with."""
        return {"userId": owner, "action": LIKE, "targetId": "1", "platform": "mastodon"}

    @property
    def job_name(self) -> str:
        return f"{self.action}-{self.platform}"

    @property
    def owner(self) -> str:
        return self.user_id

    @property
    def limit_key(self) -> str:
        return account_key(self.account_id, self.user_id)
