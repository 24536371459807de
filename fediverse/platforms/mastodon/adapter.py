"""Mastodon, and what speaks its API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fediverse.platforms.errors import Refused
from fediverse.platforms.mastodon.client import MastodonClient
from fediverse.platforms.mastodon.mapping import to_page, to_parent, to_receipt, to_speaker
from fediverse.platforms.records import narrower

if TYPE_CHECKING:
    from fediverse.platforms.base import Loads
    from fediverse.platforms.http import HttpClient
    from fediverse.platforms.records import Credentials, Page, Parent, Receipt, Speaker

HOME: Final = "/api/v1/timelines/home"
PUBLIC: Final = "/api/v1/timelines/public"
STATUSES: Final = "/api/v1/statuses"
VERIFY: Final = "/api/v1/accounts/verify_credentials"
MAX_LIMIT: Final = 40
# Ids are opaque, and this one becomes part of an address.
NATIVE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


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

    def like(self, credentials: Credentials, native_id: str) -> Receipt:
        """Favourite a status."""
        return self._act(credentials, native_id, "favourite")

    def boost(self, credentials: Credentials, native_id: str) -> Receipt:
        """Reblog a status; the receipt is that of the status itself."""
        return self._act(credentials, native_id, "reblog")

    def reply(self, credentials: Credentials, native_id: str, *, text: str, key: str) -> Receipt:
        """Post a status in reply to another, which costs three requests.

        It mentions the author: on Mastodon a mention notifies, a reply alone does not, and a direct
        one without a mention reaches nobody.
        """
        url = f"{credentials.base_url}{STATUSES}"
        status, _ = self._client.get(credentials, f"{url}/{_checked(native_id)}")
        account, _ = self._client.get(credentials, f"{credentials.base_url}{VERIFY}")
        parent, speaker = to_parent(status), to_speaker(account)
        form = {
            "status": with_mention(text, parent, speaker),
            "in_reply_to_id": native_id,
            "visibility": narrower(parent.visibility, speaker.visibility),
        }
        return to_receipt(self._client.post(credentials, url, form=form, key=key))

    def _act(self, credentials: Credentials, native_id: str, verb: str) -> Receipt:
        url = f"{credentials.base_url}{STATUSES}/{_checked(native_id)}/{verb}"
        return to_receipt(self._client.post(credentials, url, form={}))

    def _timeline(self, path: str, credentials: Credentials, limit: int, url: str | None) -> Page:
        first = f"{credentials.base_url}{path}?limit={min(limit, MAX_LIMIT)}"
        if url and _place(url) != _place(first):
            raise Refused("The next page is not a page of this timeline.")
        document, next_url = self._client.get(credentials, url or first)
        host = urlsplit(credentials.base_url).netloc
        return to_page(document, host=host, next_url=next_url)


def with_mention(text: str, parent: Parent, speaker: Speaker) -> str:
    """Return the text of an answer with a mention of the author, unless it has one already.

    Nobody mentions themselves.
    """
    mention = f"@{parent.handle}"
    words = {word.strip(",.:;!?()").casefold() for word in text.split()}
    if parent.handle == speaker.handle or mention.casefold() in words:
        return text
    return f"{mention} {text}"


def _checked(native_id: str) -> str:
    if not NATIVE_ID.fullmatch(native_id):
        raise Refused("The post's id has characters or a length that no id has.")
    return native_id


def _place(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused("The next page has no address.") from error
    return parts.scheme, parts.netloc, parts.path
