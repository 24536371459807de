"""What an attacker with Redis' password writes into every key that something may read."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from typing import NamedTuple

from django.conf import settings

FORGED = range(900_001, 900_020)


class Touch(NamedTuple):
    """Unpickled, it makes a file: the proof that somebody ran an attacker's code."""

    path: str

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


class Marker:
    """A file that is there only if planted code ran, and the ways to have it run."""

    def __init__(self, path):
        self.path = path
        self.pickle = pickle.dumps(Touch(str(path)))
        call = json.dumps(["os.system", None, [f"touch {path}"], {}]).encode()
        self.calls = [call, zlib.compress(call), self.pickle, zlib.compress(self.pickle)]

    @property
    def exists(self):
        return self.path.exists()


def plant(redis, marker, job_ids):
    """Write the attack beside the good jobs of these ids, and into their own hashes."""
    plant_in_caches(redis, marker)
    for job_id in job_ids:
        forge(redis, marker, job_id, marker.pickle)
    plant_jobs(redis, marker)
    for queue in settings.QUEUES:
        plant_in_queue(redis, marker, queue)
    plant_workers(redis, marker)
    for number in range(30):
        fields = {"event": "active", "queue": marker.pickle, "ids": "1", "count": "1"}
        redis.xadd("rq:queue-events", fields if number % 2 else {b"\xff": marker.pickle})


def plant_in_caches(redis, marker):
    for version in ("1", "2"):
        for prefix in ("", "app"):
            for name in ("health", "axes", "session", "views.decorators.cache.cache_page"):
                redis.set(f"{prefix}:{version}:{name}", marker.pickle)


def plant_jobs(redis, marker):
    """Write forged jobs, and nothing that a stock worker of RQ dies of: it decodes every id."""
    queue = next(iter(settings.QUEUES))
    for number, job_id in enumerate(FORGED):
        forge(redis, marker, job_id, marker.calls[number % len(marker.calls)])
    redis.sadd("rq:queues", f"rq:queue:{queue}")
    redis.lpush(f"rq:queue:{queue}", *FORGED)
    redis.zadd(f"rq:wip:{queue}", dict.fromkeys(FORGED, 1))


def forge(redis, marker, job_id, data):
    """Write a whole RQ job, with everything in it that RQ would unpickle, import or call."""
    moment = "2026-01-01T00:00:00.000000Z"
    redis.hset(
        f"rq:job:{job_id}",
        mapping={
            "created_at": moment, "enqueued_at": moment, "status": "queued", "timeout": 60,
            "origin": next(iter(settings.QUEUES)), "description": "x", "data": data,
            "meta": marker.pickle, "result": marker.pickle,
            "success_callback_name": "os.system", "failure_callback_name": "os.system",
            "stopped_callback_name": "os.system", "result_ttl": 500, "worker_name": "evil",
        },
    )  # fmt: skip
    value = base64.b64encode(marker.pickle)
    redis.xadd(f"rq:results:{job_id}", {"type": 1, "created_at": 1, "return_value": value})


def plant_in_queue(redis, marker, queue):
    key = f"rq:queue:{queue}"
    redis.rpush(key, marker.pickle, *FORGED)
    redis.rpush(f"{key}:intermediate", marker.pickle, *FORGED)
    redis.zadd(f"{key}:prioritised", {marker.pickle: 1, **dict.fromkeys(FORGED, 2)})
    for registry in ("finished", "failed", "wip", "deferred", "scheduled", "canceled"):
        redis.zadd(f"rq:{registry}:{queue}", {marker.pickle: 1, **dict.fromkeys(FORGED, 1)})
    redis.set(f"rq:scheduler:scheduler:{queue}", marker.pickle)


def plant_workers(redis, marker):
    redis.sadd("rq:queues", marker.pickle)
    redis.sadd("rq:workers", "rq:worker:evil", marker.pickle)
    names = ("birth", "last_heartbeat", "queues", "pid", "hostname", "state", "current_job")
    redis.hset("rq:worker:evil", mapping=dict.fromkeys(names, marker.pickle))
    redis.zadd("rq:cron_schedulers", {"evil": 1})
    redis.hset("rq:cron_scheduler:evil", mapping={"cron_jobs": marker.pickle})


def shout(redis, marker):
    """Send the attack on every channel that a worker of RQ would listen to."""
    for key in redis.smembers("rq:workers"):
        channel = f"rq:pubsub:{key.removeprefix(b'rq:worker:').decode(errors='replace')}"
        redis.publish(channel, marker.pickle)
        redis.publish(channel, json.dumps({"command": "shutdown"}))
