"""Test jobs that anybody may add, without signing in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from fediverse.activities.payloads import FetchPosts
from queues.conf import MAX_PRIORITY
from queues.database import fetch
from queues.enqueue import enqueue
from queues.models import Job
from queues.stamps import stamp
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet

TEST_USER: Final = "test-user-id"
LONG_SECONDS: Final = 300
SHARE_OF_LONG: Final = 5
UNFINISHED: Final = (State.WAITING, State.DELAYED, State.ACTIVE)
# One after the other, so that two requests cannot both find the last free place.
_TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 7))"


class TooManyWaitingError(Exception):
    """As many of these jobs are unfinished as may be."""


@transaction.atomic
def add_open_job(message: str, *, delay: float) -> Job:
    """Accept a test job, due in `delay` seconds, behind everything else in its queue.

    Raises TooManyWaitingError when OPEN_ENDPOINT_MAX_WAITING of them are unfinished, or when a
    fifth of that wait for more than five minutes and this one would too: else whoever asks for a
    week shuts everybody out for a week.
    """
    fetch(_TAKE_TURNS, {"name": TEST_USER})
    most = settings.OPEN_ENDPOINT_MAX_WAITING
    mine = Job.objects.filter(owner=TEST_USER, state__in=UNFINISHED)
    _check_room(mine, most)
    if delay > LONG_SECONDS:
        far = mine.filter(run_at__gt=Now() + timedelta(seconds=LONG_SECONDS))
        _check_room(far, max(1, most // SHARE_OF_LONG))
    arguments = FetchPosts(
        user_id=TEST_USER, platform="mastodon", test_message=message, timestamp=stamp()
    )
    return enqueue(arguments, delay=delay, priority=MAX_PRIORITY)


def _check_room(jobs: QuerySet[Job], most: int) -> None:
    if jobs[:most].count() >= most:
        raise TooManyWaitingError
