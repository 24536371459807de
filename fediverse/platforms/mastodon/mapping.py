"""Mastodon's statuses as records. Pure; follows the entity `Status` of Mastodon's API.

Servers that only look like Mastodon leave fields out or fill them oddly. A status that cannot be
read is skipped, for one bad post must not hide a page of good ones.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fediverse.platforms.errors import BadPayload
from fediverse.platforms.records import DIRECT, VISIBILITIES, Page, RemoteAuthor, RemotePost

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_URI: Final = 2048
MAX_STATUSES: Final = 200


class MalformedError(ValueError):
    """A status that lacks what a post must have."""


def to_page(document: object, *, host: str, next_url: str | None) -> Page:
    """Return a page of a timeline. `host` completes the handles of local users.

    Raises BadPayload if the document is no list.
    """
    if not isinstance(document, list):
        raise BadPayload("The timeline is not a list.")
    posts = []
    for status in document[:MAX_STATUSES]:
        try:
            posts.append(to_post(status, host=host))
        except MalformedError:
            continue
    return Page(posts=tuple(posts), next_url=next_url, skipped=len(document) - len(posts))


def to_post(status: object, *, host: str) -> RemotePost:
    """Return the post of a status, or of what it boosts. Raises MalformedError."""
    found = _mapping(status)
    # Mastodon wraps a boost in a status of its own; others answer with the post itself.
    found = _mapping(found["reblog"]) if found.get("reblog") else found
    uri = _address(found.get("uri"))
    visibility = found.get("visibility")
    return RemotePost(
        uri=uri,
        url=_text(found.get("url")) or uri,
        native_id=_native_id(found.get("id")),
        author=_author(_mapping(found.get("account")), host),
        content_html=_text(found.get("content")),
        spoiler_text=_text(found.get("spoiler_text")),
        sensitive=found.get("sensitive") is True,
        visibility=visibility if visibility in VISIBILITIES else DIRECT,
        created_at=_time(found.get("created_at")),
        edited_at=_time(found["edited_at"]) if found.get("edited_at") else None,
    )


def _author(account: Mapping[str, Any], host: str) -> RemoteAuthor:
    handle = _text(account.get("acct"))
    if not handle:
        raise MalformedError("no author")
    return RemoteAuthor(
        handle=handle if "@" in handle else f"{handle}@{host}",
        name=_text(account.get("display_name")) or _text(account.get("username")),
        uri=_text(account.get("uri")) or _text(account.get("url")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError("not an object")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _native_id(value: object) -> str:
    # Pleroma's forks and small servers write numbers where Mastodon writes text.
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise MalformedError("no id")
    return str(value)[:255]


def _address(value: object) -> str:
    uri = _text(value)
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise MalformedError("no address") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or len(uri) > MAX_URI:
        raise MalformedError("no address")
    return uri


def _time(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedError("no time") from error
