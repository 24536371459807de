"""Many jobs of all three kinds, to see the queues at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fediverse.activities.payloads import FetchPosts, Notify, PerformAction
from queues.enqueue import enqueue_many
from queues.options import Options

if TYPE_CHECKING:
    from queues.arguments import Arguments

# Of each kind in turn, its name and the seconds by which each job is later than the one before.
TURNS: Final = (("content-aggregation", 1.0), ("notification", 0.5), ("user-action", 0.75))


class Added(NamedTuple):
    """A job that was added, and what it is a test of."""

    type: str
    id: int


def add_bulk(user_id: str, count: int) -> list[Added]:
    """Accept `count` jobs of a user's, the three kinds in turn: all of them, or none."""
    types, items = [], []
    for number in range(count):
        name, seconds = TURNS[number % len(TURNS)]
        types.append(name)
        items.append((_arguments(name, user_id, number + 1), Options(delay=number * seconds)))
    ids = enqueue_many(items)
    return [Added(name, job_id) for name, job_id in zip(types, ids, strict=True)]


def _arguments(name: str, user_id: str, number: int) -> Arguments:
    if name == "content-aggregation":
        return FetchPosts(user_id=user_id, platform="mastodon", action="fetch-posts")
    if name == "notification":
        return Notify(user_id=user_id, type="info", message=f"Test notification {number}")
    return PerformAction(
        user_id=user_id,
        action="like-post",
        target_id=f"test-post-{number}",
        platform="mastodon",
    )
