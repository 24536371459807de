"""Mastodon, and what speaks its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fediverse.platforms.errors import Refused
from fediverse.platforms.mastodon.client import MastodonClient
from fediverse.platforms.mastodon.mapping import to_page

if TYPE_CHECKING:
    from fediverse.platforms.base import Loads
    from fediverse.platforms.http import HttpClient
    from fediverse.platforms.records import Credentials, Page

HOME: Final = "/api/v1/timelines/home"
PUBLIC: Final = "/api/v1/timelines/public"
MAX_LIMIT: Final = 40


class Mastodon:
    """The adapter; see `fediverse.platforms.base.Platform`."""

    def __init__(self, http: HttpClient, loads: Loads) -> None:
        self._client = MastodonClient(http, loads)

    def home_timeline(
        self, credentials: Credentials, *, limit: int, url: str | None = None
    ) -> Page:
        """Return a page of the account's home timeline, at most 40 posts."""
        return self._timeline(HOME, credentials, limit, url)

    def public_timeline(
        self, credentials: Credentials, *, limit: int, url: str | None = None
    ) -> Page:
        """Return a page of the server's federated timeline, at most 40 posts."""
        return self._timeline(PUBLIC, credentials, limit, url)

    def _timeline(self, path: str, credentials: Credentials, limit: int, url: str | None) -> Page:
        first = f"{credentials.base_url}{path}?limit={min(limit, MAX_LIMIT)}"
        if url and _place(url) != _place(first):
            raise Refused("The next page is not a page of this timeline.")
        document, next_url = self._client.get(credentials, url or first)
        host = urlsplit(credentials.base_url).netloc
        return to_page(document, host=host, next_url=next_url)


def _place(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused("The next page has no address.") from error
    return parts.scheme, parts.netloc, parts.path
