"""BullMQ's own Python version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bullmq import Queue, Worker
from common import REDIS_URL, Watch, main
from redis import Redis

if TYPE_CHECKING:
    from bullmq import Job

watch = Watch()


async def work(jobs: int, slots: int) -> float:
    Redis.from_url(REDIS_URL).flushdb()
    queue = Queue("bench", {"connection": REDIS_URL})
    opts = {"attempts": 3, "removeOnComplete": 10, "removeOnFail": 5}
    batch = [{"name": "noop", "data": {"number": n}, "opts": opts} for n in range(jobs)]
    await queue.addBulk(batch)
    done, ended = asyncio.Event(), [0]

    async def noop(job: Job, token: str) -> None:
        watch.begin()

    def count(*_: object) -> None:
        ended[0] += 1
        if ended[0] == jobs:
            done.set()

    worker = Worker(
        "bench", noop, {"connection": REDIS_URL, "concurrency": slots, "autorun": False}
    )
    worker.on("completed", count)
    running = asyncio.create_task(worker.run())
    await done.wait()
    rate = watch.rate(jobs)
    await worker.close(force=True)
    running.cancel()
    await queue.close()
    return rate


def drain(jobs: int, slots: int) -> float:
    return asyncio.run(work(jobs, slots))


if __name__ == "__main__":
    main(drain=drain)
