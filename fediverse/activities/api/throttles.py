"""How often anybody may use the open endpoint: one address, and all of them together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from django.conf import settings

from accounts.addresses import client_address
from queues.api.errors import TooMany
from queues.throttle import Allowance, take

if TYPE_CHECKING:
    from rest_framework.request import Request

MINUTE: Final = 60


def principal_of(request: Request) -> str:
    """Return who uses the open endpoint, as far as that is known."""
    return f"open:{client_address(request)}"


def count_address(request: Request) -> None:
    """Count a request against its address. Raises TooMany."""
    _take(principal_of(request), settings.OPEN_ENDPOINT_PER_MINUTE, "from your address")


def count_all() -> None:
    """Count a request against what all addresses may do together. Raises TooMany."""
    _take("open", settings.OPEN_ENDPOINT_GLOBAL_PER_MINUTE, "from all addresses together")


def _take(key: str, per_minute: int, whence: str) -> None:
    wait = take(key, Allowance(burst=per_minute, rate=per_minute / MINUTE))
    if wait:
        message = f"More than {per_minute} requests a minute {whence}; come again later."
        raise TooMany(message, wait=math.ceil(wait))
