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

    An operator's are counted apart too, and may be more. A view's `weight` says how many requests
    one of its own counts as. Who is not known has no bucket here: such requests are refused, or
    bounded by what they are open for.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True. Raises TooMany, which says when to come again."""
        if not request.user.is_authenticated:
            return True
        reads = request.method in READING
        role = "operator" if has_scope(request, MANAGE) else "user"
        per_minute = _per_minute(role, reads=reads)
        key = f"{role}:{request.user.pk}:{'reads' if reads else 'writes'}"
        weight = min(1 if reads else getattr(view, "weight", 1), per_minute)
        wait = purses.take(key, Allowance(burst=per_minute, rate=per_minute / MINUTE), weight)
        if wait:
            what = "read" if reads else "change something"
            message = f"You {what} more than {per_minute} times a minute; come again later."
            raise TooMany(message, wait=math.ceil(wait))
        return True


def _per_minute(role: str, *, reads: bool) -> int:
    name = f"API_{'OPERATOR_' if role == 'operator' else ''}{'READS' if reads else 'WRITES'}"
    return int(getattr(settings, f"{name}_PER_MINUTE"))
