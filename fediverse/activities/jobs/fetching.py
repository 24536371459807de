from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from fediverse.activities.outcomes import as_outcomes
from fediverse.activities.payloads import FetchAllPosts, FetchPosts
from fediverse.activities.services.fetching import accounts_for, fetch_feed, queue_fetches
from fediverse.activities.services.ingest import Ingested
from queues.outcomes import Fail
from queues.registry import handles
from queues.upgrades import upgrades

if TYPE_CHECKING:
    from queues.context import Context

log = logging.getLogger(__name__)

QUEUE: Final = "content-aggregation"


@upgrades(FetchPosts, from_version=1)
@upgrades(FetchAllPosts, from_version=1)
def as_it_is(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload that is a payload of version 2 already, which only allows more."""
    return payload


@handles(FetchPosts, queue=QUEUE)
def fetch_posts(arguments: FetchPosts, context: Context) -> dict[str, object]:
    """Return how many posts were read. A user without accounts is told nought.

    The first account that cannot be read ends the attempt; what was stored before stays.
    """
    _log_start(arguments, context, arguments.account_id)
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
def fetch_all_posts(arguments: FetchAllPosts, context: Context) -> dict[str, int]:
    """Return how many fetches were queued."""
    _log_start(arguments, context)
    return {"jobsQueued": queue_fetches(arguments.user_id, arguments.platform)}


def _log_start(
    arguments: FetchPosts | FetchAllPosts, context: Context, account_id: int | None = None
) -> None:
    log.info(
        "Processing content aggregation job for user %s from %s",
        arguments.user_id or "(all)",
        arguments.platform or "(all)",
        extra={
            "job_id": context.job_id,
            "user": arguments.user_id,
            "platform": arguments.platform,
            "account_id": account_id,
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
