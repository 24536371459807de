"""Hints: ids of waiting jobs, pushed through Redis so that a worker hears of them at once.

A hint may be lost, late, doubled or forged. Workers look into Postgres every second anyway, and
claim there, so none of this loses or doubles a job.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from queues.transport.client import RedisError, consumer, producer
from queues.transport.job import HubJob
from queues.transport.queue import MOST_AT_ONCE, HubQueue
from queues.transport.spoiled import is_spoiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from redis import Redis
    from redis.commands.core import Script

log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 1.0
# One fewer than the largest bigint has.
MAX_DIGITS: Final = 19

POP: Final = """
local ids = {}
for i = 1, #ARGV do
    local wanted = tonumber(ARGV[i])
    local listed = redis.call('LPOP', KEYS[2 * i - 1], wanted) or {}
    for _, id in ipairs(listed) do ids[#ids + 1] = id end
    if #listed < wanted then
        local ranked = redis.call('ZPOPMIN', KEYS[2 * i], wanted - #listed)
        for at = 1, #ranked, 2 do ids[#ids + 1] = ranked[at] end
    end
end
for _, id in ipairs(ids) do redis.call('DEL', '{prefix}' .. id) end
return ids
""".replace("{prefix}", HubJob.redis_job_namespace_prefix)


# From the front of each list, as far as it is these ids that lie there; from the sorted sets all.
DROP: Final = """
local counts, at = {}, #KEYS / 2 + 1
for i = 1, #KEYS / 2 do
    local list, mine, found = KEYS[2 * i - 1], {}, 0
    for _ = 1, tonumber(ARGV[i]) do
        mine[ARGV[at]] = true
        found = found + redis.call('ZREM', KEYS[2 * i], ARGV[at])
        at = at + 1
    end
    local head = redis.call('LINDEX', list, 0)
    while head and mine[head] do
        redis.call('LPOP', list)
        redis.call('DEL', '{prefix}' .. head)
        found = found + 1
        head = redis.call('LINDEX', list, 0)
    end
    counts[i] = found
end
return counts
""".replace("{prefix}", HubJob.redis_job_namespace_prefix)


class Hint(NamedTuple):
    """One waiting job. `front` puts it before everything else in its queue."""

    id: int
    queue: str
    priority: int = 0
    front: bool = False


class Breaker:
    """Remembers that Redis just failed, so that the next pushes do not wait for it too."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._until

    def open(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds


breaker = Breaker()


@contextmanager
def mending(queues: Iterable[HubQueue]) -> Iterator[None]:
    """Mend the queues if their keys hold what they cannot, and raise all the same: RedisError."""
    try:
        yield
    except RedisError as error:
        if is_spoiled(error):
            log.warning("Keys in Redis held what they cannot, and were deleted")
            for queue in queues:
                queue.mend()
        raise


def push(hints: Iterable[Hint]) -> None:
    """Push hints, those of a queue in their order. Gives up quickly if Redis does not answer."""
    wanted = list(hints)
    if not wanted or breaker.is_open:
        return
    names = dict.fromkeys(hint.queue for hint in wanted)
    try:
        for name in names:
            queue = HubQueue.named(name, producer())
            with mending([queue]):
                queue.push([hint for hint in wanted if hint.queue == name])
    except RedisError as error:
        breaker.open(SILENCE_SECONDS)
        log.warning(
            "Redis did not take %s hints; workers will find the jobs in Postgres",
            len(wanted),
            extra={"error": type(error).__name__},
        )


def withdraw(job_id: int, queue: str) -> None:
    """Take back the hint of a job whose place has changed, if Redis answers."""
    if breaker.is_open:
        return
    keys = HubQueue.named(queue, producer())
    try:
        with producer().pipeline(transaction=False) as pipeline:
            pipeline.lrem(keys.key, 0, str(job_id))
            pipeline.zrem(keys.prioritised_key, str(job_id))
            pipeline.execute()
    except RedisError:
        breaker.open(SILENCE_SECONDS)


def forget(queue: str) -> None:
    """Drop the hints of a queue whose order has changed, if Redis answers.

    Workers then take its jobs from Postgres, where the order is.
    """
    if breaker.is_open:
        return
    try:
        while pop({queue: MOST_AT_ONCE}):
            pass
    except RedisError:
        breaker.open(SILENCE_SECONDS)


def pop(free: Mapping[str, int]) -> list[int]:
    """Take at most as many ids of each queue as it has free slots. Raises RedisError."""
    queues = [HubQueue.named(name, consumer()) for name in free]
    keys = [key for queue in queues for key in (queue.key, queue.prioritised_key)]
    with mending(queues):
        return _to_ids(_popper(consumer())(keys, list(free.values())))


def drop(ids: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Take back the next hints of queues if they are among these ids; return how many there were.

    Raises RedisError.
    """
    queues = [HubQueue.named(name, consumer()) for name in ids]
    keys = [key for queue in queues for key in (queue.key, queue.prioritised_key)]
    counts = [len(mine) for mine in ids.values()]
    values = [*counts, *(id_ for mine in ids.values() for id_ in mine)]
    return dict(zip(ids, map(int, _dropper(consumer())(keys, values)), strict=True))


@cache
def _dropper(client: Redis) -> Script:
    return client.register_script(DROP)


@cache
def _popper(client: Redis) -> Script:
    return client.register_script(POP)


def wait(names: Sequence[str], seconds: float) -> list[int]:
    """Block until one of the queues has a hint, and take it. Raises RedisError.

    Returns no id when the time is up, or when a prioritised one came in: pop it.
    """
    queues = [HubQueue.named(name, consumer()) for name in names]
    keys = [queue.key for queue in queues] + [queue.bell_key for queue in queues]
    with mending(queues):
        # Our connections do not decode, which redis-py's types cannot know.
        found: Any = consumer().blpop(keys, timeout=seconds)
    if not found or not found[1]:
        return []
    taken: bytes = found[1]
    consumer().delete(HubJob.redis_job_namespace_prefix.encode() + taken)
    return _to_ids([taken])


def _to_ids(taken: Sequence[bytes]) -> list[int]:
    # Anybody with Redis' password can push rubbish; what is no id is no hint.
    return [int(raw) for raw in taken if raw.isdigit() and len(raw) < MAX_DIGITS]
