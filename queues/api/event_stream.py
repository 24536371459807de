"""Events as server-sent events: text that a browser's EventSource reads, for as long as it lasts.

A stream begins with its place, and a heartbeat brings the place along, so whoever comes back goes
on where they were, whether they saw an event or not.
"""

from __future__ import annotations

import json
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from django.db import connections

from queues.api.viewers import is_serving, viewers
from queues.stamps import stamp
from queues.transport.events import WAIT_SECONDS, RedisError, read

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from queues.transport.events import Event

RETRY_MS: Final = 2000
HEARTBEAT_SECONDS: Final = 15.0
# A slow reader keeps so many in memory.
MOST_AT_ONCE: Final = 100
# How often it is asked whether the subscriber may still read.
RECHECK_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What somebody wants to see of the events, and may."""

    shows_ids: bool
    queue: str | None = None
    event: str | None = None

    def at(self, events: Iterable[Event]) -> list[dict[str, Any]]:
        """Return events as clients read them."""
        return [
            {
                "id": one.id,
                "event": one.event,
                "queue": one.queue,
                "ids": list(one.ids) if self.shows_ids else [],
                "count": one.count,
                "at": stamp(one.at),
            }
            for one in events
            if self.queue in {None, one.queue} and self.event in {None, one.event}
        ]


class EventStream:
    """The blocks of a stream, and a seat that is left however it ends.

    A generator alone would not do: one that was never begun runs no `finally` when it is closed,
    and clients do vanish before the first byte. Raises TooManyViewers.
    """

    def __init__(self, blocks: Generator[str, None, None], *, most: int, who: str) -> None:
        self._blocks = blocks
        # Once, by whoever is first: the end, a close, or the garbage collector.
        self._leave = weakref.finalize(self, viewers.leave, viewers.enter(most, who))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            return next(self._blocks)
        except BaseException:
            self._leave()
            raise

    def close(self) -> None:
        """End the stream, as servers do when they have answered or the client is gone."""
        try:
            self._blocks.close()
        finally:
            self._leave()


def blocks(
    after: str, look: Look, *, seconds: float, may_read: Callable[[], bool]
) -> Generator[str, None, None]:
    """Yield the events after an id as they come, for so many seconds. Holds no database connection.

    It ends early when `may_read`, asked every few seconds, says no; when Redis cannot be read; and
    when the server is about to end.
    """
    connections.close_all()
    yield f"retry: {RETRY_MS}\nid: {after}\n\n"
    said = checked = time.monotonic()
    ends = said + seconds
    try:
        while is_serving() and (left := ends - time.monotonic()) > 0:
            if time.monotonic() - checked >= RECHECK_SECONDS:
                if not may_read():
                    break
                checked = time.monotonic()
            page = read(after, min(left, WAIT_SECONDS), most=MOST_AT_ONCE)
            after = page.last
            if shown := look.at(page.events):
                yield "".join(map(_block, shown))
            elif time.monotonic() - said < HEARTBEAT_SECONDS:
                continue
            else:
                yield f": still here\nid: {after}\n\n"
            said = time.monotonic()
    except RedisError:
        yield ": events cannot be read just now; come back\n\n"
        return
    yield ": come back\n\n"


def _block(shown: dict[str, Any]) -> str:
    # A line end within a word, which only rubbish has, would be the end of the field.
    word = " ".join(shown["event"].split())
    return f"id: {shown['id']}\nevent: {word}\ndata: {json.dumps(shown)}\n\n"
