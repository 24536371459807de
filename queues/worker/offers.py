"""What Redis offers to a worker, and doing without while it is away."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final, TypeVar

from queues.transport import hints
from queues.transport.client import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from queues.claims import Claim
    from queues.worker.switch import Switch

T = TypeVar("T")

log = logging.getLogger(__name__)

REST_SECONDS: Final = 3.0


class Offers:
    """Hints for one worker. Never raises for Redis: while it is away there is nothing on offer."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._rest_until = 0.0

    def pop(self, free: Mapping[str, int]) -> list[int]:
        """Return ids for the free slots, without waiting."""
        return self._ask(lambda: hints.pop(free), [])

    def wait(self, free: Mapping[str, int], seconds: float) -> list[int]:
        """Wait for one id, `seconds` at most, or until told to stop while Redis is away."""
        if self._is_resting:
            self._switch.stop.wait(seconds)
            return []
        return self._ask(lambda: hints.wait(list(free), seconds), [])

    def drop(self, claims: Iterable[Claim]) -> dict[str, int]:
        """Take back the hints of what was claimed without them; return each queue's number."""
        ids: dict[str, list[int]] = {}
        for claim in claims:
            ids.setdefault(claim.queue, []).append(claim.id)
        return self._ask(lambda: hints.drop(ids), {})

    @property
    def _is_resting(self) -> bool:
        return time.monotonic() < self._rest_until

    def _ask(self, question: Callable[[], T], nothing: T) -> T:
        if self._is_resting:
            return nothing
        try:
            return question()
        except RedisError as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            words = "Redis does not answer (%s); taking jobs from Postgres alone"
            log.warning(words, type(error).__name__)
            return nothing
