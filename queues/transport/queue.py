from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from django_rq.queues import DjangoRQ
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.utils import now, utcformat

from queues.conf import events_are_on
from queues.states import State
from queues.transport.job import RUN, HubJob
from queues.transport.stream import MOST_ENTRIES, MOST_IDS, STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis
    from redis.commands.core import Script

    from queues.transport.hints import Hint

FAILURE_TTL: Final = 3600
TIMEOUT: Final = 24 * 3600
# Redis does nothing else while a script runs, which takes some 3 ms for so many.
MOST_AT_ONCE: Final = 1000

# Writes each hint as an RQ job (what RQ's tools read of it), and its id into the list or the set.
# A score is BullMQ's: the priority above, a counter below, exact within a double's 53 bits. The
# bell wakes a worker that blocks on the lists, for no command blocks on lists and sorted sets.
# Where there is a sixth key, all of it is one event. That this or a job's hash could not be written
# is nobody's harm: our workers need the ids alone.
_PUSH: Final = """
local list, ranked, counter, bell = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local queue, ids = string.sub(list, @origin_from@), {}
local function write(id)
    if #ids < @most_ids@ then ids[#ids + 1] = id end
    redis.pcall('HSET', '@prefix@' .. id, 'created_at', ARGV[1], 'enqueued_at', ARGV[1],
        'origin', queue, 'status', '@status@', 'timeout', @timeout@,
        'result_ttl', 0, 'failure_ttl', @failure_ttl@, 'description', 'run(' .. id .. ')',
        'data', '["@run@", null, [' .. id .. '], {}]')
end
redis.call('SADD', KEYS[5], list)
local plain = 3 + 2 * tonumber(ARGV[2])
for at = 3, plain - 1, 2 do
    local id, place = ARGV[at], ARGV[at + 1]
    write(id)
    if place == 'front' then
        redis.call('LPUSH', list, id)
    else
        local count = redis.call('INCR', counter)
        redis.call('ZADD', ranked, place * 4294967296 + count % 4294967296, id)
        redis.call('LPUSH', bell, '')
        redis.call('LTRIM', bell, 0, 0)
    end
end
for at = plain, #ARGV do
    write(ARGV[at])
    redis.call('RPUSH', list, ARGV[at])
end
if KEYS[6] then
    local count = tonumber(ARGV[2]) + #ARGV - plain + 1
    redis.pcall('XADD', KEYS[6], 'MAXLEN', '~', @most_entries@, '*', 'event', '@waiting@',
        'queue', queue, 'ids', table.concat(ids, ','), 'count', count)
end
"""
_CONSTANTS: Final = {
    "prefix": HubJob.redis_job_namespace_prefix,
    "origin_from": len(DjangoRQ.redis_queue_namespace_prefix) + 1,
    "status": JobStatus.QUEUED.value,
    "timeout": TIMEOUT,
    "failure_ttl": FAILURE_TTL,
    "run": RUN,
    "waiting": State.WAITING.value,
    "most_ids": MOST_IDS,
    "most_entries": MOST_ENTRIES,
}
PUSH: Final = re.sub("@([a-z_]+)@", lambda found: str(_CONSTANTS[found[1]]), _PUSH)


class HubQueue(DjangoRQ):
    """An RQ queue of hints: each is an RQ job with its row's id, that calls the one function.

    Ids without priority lie in RQ's list, the others in a sorted set beside it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have our jobs in JSON whatever RQ's tools ask for: by default, theirs unpickle."""
        super().__init__(*args, **{**kwargs, "job_class": HubJob, "serializer": JSONSerializer})

    @classmethod
    @cache
    def named(cls, name: str, connection: Redis) -> HubQueue:
        """Return the queue on an open connection. Made once, for RQ takes its time about it."""
        return cls(name, connection=connection)

    @property
    def prioritised_key(self) -> str:
        """The sorted set of ids with a priority."""
        return f"{self.key}:prioritised"

    @property
    def bell_key(self) -> str:
        """A list of at most one entry, pushed to when the sorted set grows."""
        return f"{self.key}:bell"

    @property
    def _counter_key(self) -> str:
        return f"{self.prioritised_key}:count"

    def mend(self) -> None:
        """Delete what keeps hints of this queue from being pushed or taken. Raises RedisError.

        Hints that go with it cost a second: workers find the jobs in Postgres.
        """
        kinds = {
            self.key: b"list",
            self.prioritised_key: b"zset",
            self.bell_key: b"list",
            self.redis_queues_keys: b"set",
        }
        wrong = [key for key, kind in kinds.items() if self.connection.type(key) != kind]
        self.connection.delete(self._counter_key, *wrong)

    @cached_property
    def _push(self) -> Script:
        return self.connection.register_script(PUSH)

    def push(self, hints: Sequence[Hint]) -> None:
        """Write hints of this queue in their order. Raises RedisError."""
        keys = [
            self.key,
            self.prioritised_key,
            self._counter_key,
            self.bell_key,
            self.redis_queues_keys,
            *([STREAM] if events_are_on() else []),
        ]
        for start in range(0, len(hints), MOST_AT_ONCE):
            part = hints[start : start + MOST_AT_ONCE]
            self._push(keys, [utcformat(now()), *_arguments(part)])


def _arguments(hints: Sequence[Hint]) -> list[int | str]:
    """Return how many hints have a place of their own, these with their places, then the rest."""
    placed = [
        word
        for hint in hints
        if hint.front or hint.priority
        for word in (hint.id, "front" if hint.front else hint.priority)
    ]
    plain = [hint.id for hint in hints if not (hint.front or hint.priority)]
    return [len(placed) // 2, *placed, *plain]
