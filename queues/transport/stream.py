"""The stream of events in Redis: its name, its bounds, and what an entry holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Under RQ's prefix, for that is where a deployment lets us write.
STREAM: Final = "rq:queue-events"
# About so many: Redis drops old entries node by node, which costs it nothing.
MOST_ENTRIES: Final = 10_000
MOST_IDS: Final = 100
MAX_DIGITS: Final = 19
# Longer than any word of ours, and than the ids of one entry.
MOST_CHARACTERS: Final = MOST_IDS * (MAX_DIGITS + 1)
# A place in the stream is two unsigned numbers of 64 bits, the first of them Redis' clock.
LAST_NUMBER: Final = 2**64 - 1
AHEAD_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be published: the same thing, which happened to `count` jobs of a queue.

    `event` is the state that they went to, or a word of `queues.happenings`. `ids` are some of
    them, 100 at most; none, and no count, where it happened to the queue itself.
    """

    event: str
    queue: str
    ids: Sequence[int] = ()
    count: int = 0

    def fields(self) -> dict[Any, Any]:
        """Return what an entry holds."""
        ids = ",".join(map(str, self.ids[:MOST_IDS]))
        return {"event": self.event, "queue": self.queue, "ids": ids, "count": self.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What was published. `id` is its place in the stream, `at` is by Redis' clock."""

    id: str
    at: datetime
    event: str
    queue: str
    ids: tuple[int, ...]
    count: int


def parse(entry_id: str, fields: Mapping[str, str]) -> Event | None:
    """Return the event of an entry; None for rubbish, which anybody with the password can add."""
    if is_ahead(entry_id) or any(len(text) > MOST_CHARACTERS for text in fields.values()):
        return None
    ids = [text for text in fields.get("ids", "").split(",") if text]
    count = fields.get("count", "")
    if not {"event", "queue"} <= set(fields) or not all(map(_is_whole, [*ids, count])):
        return None
    return Event(
        id=entry_id,
        at=datetime.fromtimestamp(_milliseconds(entry_id) / 1000, UTC),
        event=fields["event"],
        queue=fields["queue"],
        ids=tuple(map(int, ids)),
        count=int(count),
    )


def is_ahead(entry_id: str) -> bool:
    """Whether no clock has come so far: somebody wrote the id by hand."""
    return _milliseconds(entry_id) > time.time() * 1000 + AHEAD_MS


def _milliseconds(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < MAX_DIGITS
