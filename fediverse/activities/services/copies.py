"""Turning what an adapter read into the row that would be stored, without the database."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from fediverse.activities.models import Post
from fediverse.activities.models.post import MAX_URI
from fediverse.activities.sanitise import capped, clean_html, link, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from fediverse.platforms.records import RemotePost


def copy_of(remote: RemotePost, *, host: str, platform: str, now: datetime) -> Post | None:
    """Return a host's copy of a post as an unsaved row, sanitised; None if its URI is no key.

    A time in the future is taken to be now: else one claim would win over all later edits.
    """
    uri = normalise_uri(remote.uri)
    if not uri:
        return None
    raw = capped(remote.content_html)
    return Post(
        uri=uri,
        platform=platform,
        url=link(remote.url, MAX_URI),
        author_handle=one_line(remote.author.handle, 320),
        author_name=one_line(remote.author.name, 500),
        author_uri=link(remote.author.uri, MAX_URI),
        content_raw=raw,
        content_html=clean_html(raw),
        spoiler_text=one_line(remote.spoiler_text, 1000),
        sensitive=remote.sensitive,
        visibility=remote.visibility,
        created_at=min(remote.created_at, now),
        edited_at=min(remote.edited_at, now) if remote.edited_at else None,
        seen_on=host,
        fetched_at=now,
    )


def normalise_uri(uri: str) -> str:
    """Return a URI with its scheme and host in lower case and nothing else changed.

    Returns nothing for what is no http or https address of at most 2048 bytes.
    """
    try:
        parts = urlsplit(link(uri, MAX_URI))
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    return urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()))
