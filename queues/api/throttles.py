"""How often one caller may come. Every view of DRF's has this throttle, by the settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from queues.api.errors import TooMany
from queues.api.scopes import MANAGE, has_scope
from queues.throttle import Allowance, Purses

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

MINUTE: Final = 60
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

purses: Final = Purses()


class CallerThrottle(BaseThrottle):
    """Counts the requests of each user, those that read and those that write apart.

    An operator may make more. A view's `weight` says how many requests one of its own counts as.
    Who is not known has no bucket here: such requests are refused, or bounded by what they are open
    for.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True. Raises TooMany, which says when to come again."""
        if not request.user.is_authenticated:
            return True
        does = "READS" if request.method in READING else "WRITES"
        weight = 1 if does == "READS" else getattr(view, "weight", 1)
        most = int(getattr(settings, f"API_{does}_PER_MINUTE"))
        wait = _take(f"user:{request.user.pk}:{does.lower()}", most, weight)
        # Only now: who operates is read from the database where it is no token that says so.
        if wait and has_scope(request, MANAGE):
            more = max(1, int(getattr(settings, f"API_OPERATOR_{does}_PER_MINUTE")) - most)
            wait = _take(f"operator:{request.user.pk}:{does.lower()}", more, weight)
            most += more
        if wait:
            what = "read" if does == "READS" else "change something"
            message = f"You {what} more than {most} times a minute; come again later."
            raise TooMany(message, wait=math.ceil(wait))
        return True


def _take(key: str, per_minute: int, weight: int) -> float:
    allowance = Allowance(burst=per_minute, rate=per_minute / MINUTE)
    return purses.take(key, allowance, min(weight, per_minute))
