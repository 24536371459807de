"""Reading the feeds of linked accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from accounts.models import LinkedAccount
from accounts.services.linking import credentials
from fediverse.activities.models import Sighting
from fediverse.activities.payloads import FetchPosts
from fediverse.activities.remote import adapter
from fediverse.activities.services.ingest import Ingested, ingest
from queues.enqueue import enqueue

if TYPE_CHECKING:
    from fediverse.platforms.records import Page

MAX_PAGES: Final = 3
PAGE_SIZE: Final = 40


def accounts_for(arguments: FetchPosts) -> list[LinkedAccount]:
    """Return the active accounts that a job may speak for: of its own user, on its platform."""
    accounts = LinkedAccount.objects.active().of_owner(arguments.user_id).on(arguments.platform)
    if arguments.account_id is not None:
        accounts = accounts.filter(pk=arguments.account_id)
    return list(accounts.select_related("instance").order_by("pk"))


def fetch_feed(account: LinkedAccount, feed: str) -> Ingested:
    """Read up to three pages of 40 posts and store each before the next is asked for.

    Must not be called within a transaction: it would stay open while a remote server thinks.
    Raises the adapters' errors, and UnsealError; the pages before are kept.
    """
    platform = adapter(account.instance.platform)
    read = platform.home_timeline if feed == Sighting.Feed.HOME else platform.public_timeline
    keys = credentials(account)
    total, next_url, pages = Ingested(), None, 0
    while pages == 0 or (next_url and pages < MAX_PAGES):
        page: Page = read(keys, limit=PAGE_SIZE, url=next_url)
        total += ingest(
            page.posts,
            account=account,
            host=account.instance.host,
            feed=feed,
            platform=account.instance.platform,
        )
        next_url, pages = page.next_url, pages + 1
    return total


@transaction.atomic
def queue_fetches(user_id: str | None, platform: str | None = None) -> int:
    """Queue a fetch for each active account, of one user or of all: every one, or none.

    With a platform, for those on it.
    """
    accounts = LinkedAccount.objects.active()
    if platform is not None:
        accounts = accounts.on(platform)
    if user_id is not None:
        accounts = accounts.of_owner(user_id)
    queued = 0
    rows = accounts.order_by("pk").values_list("pk", "user_id", "instance__platform")
    for account_id, owner, its_platform in rows.iterator():
        enqueue(FetchPosts(user_id=str(owner), platform=its_platform, account_id=account_id))
        queued += 1
    return queued
