"""Mastodon's statuses as records. Pure; follows the entity `Status` of Mastodon's API.

Servers that only look like Mastodon leave fields out or fill them oddly. A status that cannot be
read is skipped, for one bad post must not hide a page of good ones.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fediverse.platforms.errors import BadPayload
from fediverse.platforms.records import (
    DIRECT,
    PUBLIC,
    VISIBILITIES,
    Page,
    Parent,
    Receipt,
    RemoteAuthor,
    RemotePost,
    Speaker,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_URI: Final = 2048
MAX_STATUSES: Final = 200
MAX_TEXT: Final = 65_536
MAX_ID: Final = 255
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


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
    return RemotePost(
        uri=uri,
        url=_link(found.get("url")) or uri,
        native_id=_native_id(found.get("id")),
        author=_author(_mapping(found.get("account")), host),
        content_html=_text(found.get("content")),
        spoiler_text=_text(found.get("spoiler_text")),
        sensitive=found.get("sensitive") is True,
        visibility=_visibility(found.get("visibility")),
        created_at=_time(found.get("created_at")),
        edited_at=_time(found["edited_at"]) if found.get("edited_at") else None,
    )


def to_receipt(document: object) -> Receipt:
    """Return what is said of a status that was acted on. Raises BadPayload if it is no object.

    What it lacks is left empty: the server has done its work, however oddly it speaks of it.
    """
    if not isinstance(document, dict):
        raise BadPayload("The answer is not a status.")
    boosted = document.get("reblog")
    found = boosted if isinstance(boosted, dict) else document
    try:
        native_id = _native_id(found.get("id"))
    except MalformedError:
        native_id = ""
    return Receipt(native_id=native_id, url=_link(found.get("url")) or _link(found.get("uri")))


def to_parent(status: object) -> Parent:
    """Return what is to be known of a status before it is answered.

    Raises BadPayload where the author is not named: a private answer would reach nobody.
    """
    try:
        found = _mapping(status)
        return Parent(
            visibility=_visibility(found.get("visibility")),
            handle=_handle(_mapping(found.get("account"))),
        )
    except MalformedError as error:
        raise BadPayload(f"The post cannot be answered: {error}.") from error


def to_speaker(account: object) -> Speaker:
    """Return the account of `verify_credentials`. Raises BadPayload if it has no name.

    A server that does not say how the account posts by default lets it post publicly.
    """
    try:
        found = _mapping(account)
        source = found.get("source")
        default = source.get("privacy") if isinstance(source, dict) else None
        return Speaker(
            visibility=_visibility(default) if default else PUBLIC, handle=_handle(found)
        )
    except MalformedError as error:
        raise BadPayload(f"The server does not say whose token this is: {error}.") from error


def _visibility(value: object) -> str:
    return str(value) if value in VISIBILITIES else DIRECT


def _author(account: Mapping[str, Any], host: str) -> RemoteAuthor:
    handle = _handle(account)
    return RemoteAuthor(
        handle=handle if "@" in handle else f"{handle}@{host}",
        name=_text(account.get("display_name")) or _text(account.get("username")),
        uri=_link(account.get("uri")) or _link(account.get("url")),
    )


def _handle(account: Mapping[str, Any]) -> str:
    handle = _text(account.get("acct"))
    if not handle:
        raise MalformedError("no author")
    return handle


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError("not an object")
    return value


def _text(value: object) -> str:
    # The injected reader decides whether these come this far; no database takes them.
    return UNSTORABLE.sub("\ufffd", value[:MAX_TEXT]) if isinstance(value, str) else ""


def _native_id(value: object) -> str:
    # Pleroma's forks and small servers write numbers where Mastodon writes text.
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise MalformedError("no id")
    return _text(str(value))[:MAX_ID]


def _address(value: object) -> str:
    uri = _link(value)
    if not uri:
        raise MalformedError("no address")
    return uri


def _link(value: object) -> str:
    """Return an http or https address as it came, and nothing for what is none."""
    if not isinstance(value, str) or len(value) > MAX_URI or UNSTORABLE.search(value):
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"https", "http"} and parts.hostname else ""


def _time(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedError("no time") from error
