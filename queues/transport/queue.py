from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django_rq.queues import DjangoRQ
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.utils import now

from queues.transport.job import RUN, HubJob

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

    from queues.transport.hints import Hint

FAILURE_TTL: Final = 3600
TIMEOUT: Final = 24 * 3600

# BullMQ's score: the priority above, a counter below, exact within a double's 53 bits. The bell
# wakes a worker that blocks on the lists, for no command blocks on lists and sorted sets at once.
PUSH_PRIORITISED: Final = """
local count = redis.call('INCR', KEYS[2])
redis.call('ZADD', KEYS[1], ARGV[1] * 4294967296 + count % 4294967296, ARGV[2])
redis.call('LPUSH', KEYS[3], '')
redis.call('LTRIM', KEYS[3], 0, 0)
"""


class HubQueue(DjangoRQ):
    """An RQ queue of hints: each is an RQ job with its row's id, that calls the one function.

    Ids without priority lie in RQ's list, the others in a sorted set beside it.
    """

    @classmethod
    def named(cls, name: str, connection: Redis) -> HubQueue:
        """Return the queue on an open connection."""
        return cls(name, connection=connection, job_class=HubJob, serializer=JSONSerializer)

    @property
    def prioritised_key(self) -> str:
        """The sorted set of ids with a priority."""
        return f"{self.key}:prioritised"

    @property
    def bell_key(self) -> str:
        """A list of at most one entry, pushed to when the sorted set grows."""
        return f"{self.key}:bell"

    def push(self, hint: Hint, pipeline: Pipeline) -> None:
        """Add the commands for one hint to a pipeline."""
        job = self.create_job(
            RUN,
            args=(hint.id,),
            job_id=str(hint.id),
            timeout=TIMEOUT,
            result_ttl=0,
            failure_ttl=FAILURE_TTL,
            status=JobStatus.QUEUED,
            description=f"run({hint.id})",
        )
        job.enqueued_at = now()
        job.save(pipeline=pipeline)
        pipeline.sadd(self.redis_queues_keys, self.key)
        if hint.priority and not hint.front:
            keys = [self.prioritised_key, f"{self.prioritised_key}:count", self.bell_key]
            pipeline.eval(PUSH_PRIORITISED, len(keys), *keys, hint.priority, job.id)
        else:
            self.push_job_id(job.id, pipeline=pipeline, at_front=hint.front)
