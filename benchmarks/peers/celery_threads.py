"""Celery with Redis as broker and result store, and a pool of threads."""

from __future__ import annotations

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import task_postrun
from common import REDIS_URL, Watch, main, tell
from redis import Redis

watch = Watch()
app = Celery("bench", broker=REDIS_URL, backend=REDIS_URL)
app.conf.worker_redirect_stdouts = False


@app.task(name="bench.noop")
def noop(number: int) -> None:
    watch.begin()


def drain(jobs: int, slots: int) -> float:
    """Never return: the worker ends this process once the last result is stored."""
    Redis.from_url(REDIS_URL).flushdb()
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(jobs):
            noop.apply_async((number,), producer=producer)
    ended, lock = [0], threading.Lock()

    @task_postrun.connect(weak=False)
    def count(**_: Any) -> None:
        with lock:
            ended[0] += 1
            if ended[0] == jobs:
                tell(watch.rate(jobs))
                os._exit(0)

    flags = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR"]
    app.worker_main(["--quiet", "worker", "--pool", "threads", "-c", str(slots), *flags])
    raise SystemExit("The worker ended before its jobs.")


if __name__ == "__main__":
    main(drain=drain)
