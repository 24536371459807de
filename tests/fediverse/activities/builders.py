"""Records as adapters return them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fediverse.platforms.records import RemoteAuthor, RemotePost

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


def remote_post(number=1, **values):
    """Return a post of social.example."""
    uri = f"https://social.example/users/ada/statuses/{number}"
    defaults = {
        "uri": uri,
        "url": f"https://social.example/@ada/{number}",
        "native_id": str(number),
        "author": RemoteAuthor(
            handle="ada@social.example", name="Ada", uri="https://social.example/users/ada"
        ),
        "content_html": f"<p>post {number}</p>",
        "spoiler_text": "",
        "sensitive": False,
        "visibility": "public",
        "created_at": WRITTEN + timedelta(seconds=number),
        "edited_at": None,
    }
    return RemotePost(**{**defaults, **values})
