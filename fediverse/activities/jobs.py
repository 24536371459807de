"""Handlers of the queue `content-aggregation`: load, call a service, say what came of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fediverse.activities.outcomes import as_outcomes
from fediverse.activities.payloads import FetchAllPosts, FetchPosts
from fediverse.activities.services.fetching import accounts_for, fetch_feed, queue_fetches
from fediverse.activities.services.ingest import Ingested
from queues.outcomes import Fail
from queues.registry import handles

if TYPE_CHECKING:
    from queues.context import Context

log = logging.getLogger(__name__)

QUEUE: Final = "content-aggregation"


@handles(FetchPosts, queue=QUEUE)
def fetch_posts(arguments: FetchPosts, context: Context) -> dict[str, object]:
    """Return how many posts were read. A user without accounts is told nought.

    The first account that cannot be read ends the attempt; what was stored before stays.
    """
    _log_start(arguments, context)
    accounts = accounts_for(arguments)
    if not accounts and arguments.account_id is not None:
        raise Fail(
            f"User {arguments.user_id} has no active account {arguments.account_id} "
            f"on {arguments.platform}."
        )
    total = Ingested()
    for account in accounts:
        with as_outcomes(account):
            total += fetch_feed(account, arguments.feed)
    return _result(arguments, total)


@handles(FetchAllPosts, queue=QUEUE)
def fetch_all_posts(arguments: FetchAllPosts, _context: Context) -> dict[str, int]:
    """Return how many fetches were queued."""
    return {"jobsQueued": queue_fetches(arguments.user_id)}


def _log_start(arguments: FetchPosts, context: Context) -> None:
    log.info(
        "Processing content aggregation job for user %s from %s",
        arguments.user_id,
        arguments.platform,
        extra={
            "job_id": context.job_id,
            "user": arguments.user_id,
            "platform": arguments.platform,
            "account_id": arguments.account_id,
        },
    )


def _result(arguments: FetchPosts, total: Ingested) -> dict[str, object]:
    counts: dict[str, object] = {
        "postsFetched": total.stored,
        "new": total.new,
        "updated": total.updated,
    }
    if arguments.test_message is not None:
        counts["testMessage"] = arguments.test_message
    return counts
