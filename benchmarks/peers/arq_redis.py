"""arq, which runs coroutines and keeps results in Redis."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker
from common import REDIS_URL, Watch, main

watch = Watch()


async def noop(context: dict[str, Any], number: int) -> None:
    watch.begin()


async def work(jobs: int, slots: int) -> float:
    logging.disable(logging.WARNING)
    settings = RedisSettings.from_dsn(REDIS_URL)
    pool = await create_pool(settings)
    await pool.flushdb()
    for number in range(jobs):
        await pool.enqueue_job("noop", number)
    worker = Worker(
        functions=[noop],
        redis_settings=settings,
        burst=True,
        max_jobs=slots,
        poll_delay=0.01,
        handle_signals=False,
    )
    await worker.main()
    rate = watch.rate(jobs)
    await worker.close()
    return rate


def drain(jobs: int, slots: int) -> float:
    return asyncio.run(work(jobs, slots))


if __name__ == "__main__":
    main(drain=drain)
