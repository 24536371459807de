"""RQ's worker that runs jobs in its own process, which is its fastest."""

from __future__ import annotations

import logging

from common import REDIS_URL, Watch, main
from redis import Redis
from rq import Queue, SimpleWorker

watch = Watch()


def noop(number: int) -> None:
    watch.begin()


def drain(jobs: int, slots: int) -> float:
    logging.disable(logging.WARNING)
    connection = Redis.from_url(REDIS_URL)
    connection.flushdb()
    queue = Queue("bench", connection=connection)
    queue.enqueue_many([Queue.prepare_data(noop, args=(n,)) for n in range(jobs)])
    SimpleWorker([queue], connection=connection).work(burst=True)
    return watch.rate(jobs)


if __name__ == "__main__":
    main(drain=drain)
