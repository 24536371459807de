"""What adapters take and return. Pure, frozen, in one shape for all platforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

PUBLIC: Final = "public"
UNLISTED: Final = "unlisted"
PRIVATE: Final = "private"
DIRECT: Final = "direct"
# From the widest to the narrowest.
VISIBILITIES: Final = (PUBLIC, UNLISTED, PRIVATE, DIRECT)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Whom to speak for, and where. `base_url` is an origin such as https://social.example."""

    base_url: str
    access_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RemoteAuthor:
    """Who wrote a post. `handle` is user@host, `uri` the ActivityPub id or the profile's page."""

    handle: str
    name: str
    uri: str


@dataclass(frozen=True, kw_only=True)
class RemotePost:
    """A post as a server shows it. `uri` is its ActivityPub id, the same on every server.

    `content_html` is as it came: sanitise it before it is shown. `native_id` is what this one
    server calls the post. Times are aware, in UTC. `visibility` is one of VISIBILITIES; what a
    server calls otherwise counts as direct, the most private one.
    """

    uri: str
    url: str
    native_id: str
    author: RemoteAuthor
    content_html: str
    spoiler_text: str
    sensitive: bool
    visibility: str
    created_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What an answer must know of the post that it answers.

    `visibility` is one of VISIBILITIES, and `handle` is what the account's server calls the author.
    """

    visibility: str
    handle: str


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """The account that speaks: what its server calls it, and how widely it posts by default."""

    visibility: str
    handle: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a server says of a post that was acted on, or made. Empty where it says nothing."""

    native_id: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """Posts in the server's order, and where the next page is. `skipped` could not be read."""

    posts: tuple[RemotePost, ...]
    next_url: str | None = None
    skipped: int = 0


def narrower(one: str, other: str) -> str:
    """Return which of two visibilities fewer people may see."""
    return max(one, other, key=VISIBILITIES.index)
