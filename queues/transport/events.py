"""A bounded stream of what happens to jobs, for pages and people that look on.

Events are hints, as all in Redis is: an entry may be lost, late, or out of order among workers, and
nobody is told of those that the bound pushed out. Whoever needs the truth reads the row.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

from queues.conf import events_are_on
from queues.transport.client import RedisError, consumer, producer
from queues.transport.hints import SILENCE_SECONDS, breaker
from queues.transport.replies import ReplyTooLargeError
from queues.transport.spoiled import is_spoiled
from queues.transport.stream import (
    LAST_NUMBER,
    MOST_ENTRIES,
    STREAM,
    Event,
    Happening,
    is_ahead,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Entry = tuple[bytes, dict[bytes, bytes]]

__all__ = ["Event", "EventIdError", "Happening", "Page", "RedisError", "check_id", "latest",
           "newest", "publish", "read", "tail"]  # fmt: skip

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 1000
# Well below the patience of the consumer's socket.
WAIT_SECONDS: Final = 1.0
START: Final = "0-0"
_ID: Final = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


class EventIdError(ValueError):
    """A place in the stream that none can be; the message says what is allowed."""


class Page(NamedTuple):
    """Some events, and the id to go on from, which is also beyond what could not be read."""

    events: list[Event]
    last: str


def publish(happenings: Sequence[Happening]) -> None:
    """Write an entry for each, in one round trip. Never raises for Redis, and gives up quickly.

    What Redis does not take is gone. While hints find no Redis, events do not look for it either.
    """
    if not happenings or not events_are_on() or breaker.is_open:
        return
    try:
        if any(is_spoiled(one) or _is_ahead(one) for one in _write(happenings)):
            log.warning("The stream of events held what it cannot, and was deleted")
            producer().delete(STREAM)
            _write(happenings)
    except RedisError:
        breaker.open(SILENCE_SECONDS)


def _write(happenings: Sequence[Happening]) -> list[Any]:
    """Return what Redis said of each. One that answers, if only to refuse, is there for hints."""
    with producer().pipeline(transaction=False) as pipeline:
        for one in happenings:
            pipeline.xadd(STREAM, one.fields(), maxlen=MOST_ENTRIES, approximate=True)
        return pipeline.execute(raise_on_error=False)


def latest() -> str:
    """Return the id of the newest entry, to read on from. Raises RedisError."""
    found = _newest(1)
    return _text(found[0][0]) if found else START


def newest(most: int) -> Page:
    """Return the newest events, the oldest of them first. Raises RedisError."""
    found = _newest(most)
    return _page(found[::-1]) if found else Page([], START)


def check_id(after: str) -> str:
    """Return an id that `read` takes. Raises EventIdError."""
    if not _ID.fullmatch(after) or max(map(int, after.split("-"))) > LAST_NUMBER:
        raise EventIdError(f"after is {after[:50]!r}; allowed: an id, such as {START}.")
    return after


def read(after: str, seconds: float = 0, *, most: int = MOST_AT_ONCE) -> Page:
    """Return the first events after an id, 1,000 at most; wait for one, `seconds` at most.

    Raises EventIdError for what is no id, and RedisError. After an id that no clock has reached,
    which somebody wrote by hand, it goes on from now.
    """
    if is_ahead(check_id(after)):
        after = latest()
    deadline = time.monotonic() + seconds
    while not (entries := _entries(after, min(seconds, WAIT_SECONDS), most)):
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return Page([], after)
    return _page(entries)


def tail(seconds: float | None = None) -> Iterator[Event]:
    """Return the events from now on as they come, for ever or for `seconds`. Raises RedisError."""
    return _follow(latest(), float("inf") if seconds is None else seconds)


def _follow(after: str, seconds: float) -> Iterator[Event]:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        page = read(after, min(left, WAIT_SECONDS))
        yield from page.events
        after = page.last


def _page(entries: list[Entry]) -> Page:
    pairs = [(_text(id_), {_text(k): _text(v) for k, v in of.items()}) for id_, of in entries]
    events = [event for id_, fields in pairs if (event := parse(id_, fields))]
    return Page(events, pairs[-1][0])


def _newest(most: int) -> list[Entry]:
    """Return the newest entries, the newest first; ask no Redis that just failed somebody."""
    if breaker.is_open:
        raise RedisGone("Redis did not answer a moment ago.")
    try:
        found: Any = _asked(lambda: consumer().xrevrange(STREAM, count=most))
    except (RedisGone, RedisSlow):
        breaker.open(SILENCE_SECONDS)
        raise
    return list(found)


def _entries(after: str, seconds: float, most: int) -> list[Entry]:
    # To Redis, a wait of 0 is one for ever.
    block = max(1, round(seconds * 1000)) if seconds > 0 else None
    found: Any = _asked(lambda: consumer().xread({STREAM: after}, count=most, block=block))
    return [] if not found else found[0][1]


def _asked(question: Callable[[], Any]) -> Any:
    """Return what Redis says; nothing if that is more than can be read, which is deleted then."""
    try:
        return question()
    except ReplyTooLargeError:
        log.warning("The stream of events held more than can be read, and was deleted")
        producer().delete(STREAM)
        return []


def _is_ahead(answer: object) -> bool:
    return isinstance(answer, bytes) and is_ahead(_text(answer))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
