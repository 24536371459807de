"""Dramatiq with Redis, which keeps no record of what was done."""

from __future__ import annotations

import dramatiq
from common import REDIS_URL, Watch, main
from dramatiq.brokers.redis import RedisBroker

watch = Watch()
broker = RedisBroker(url=REDIS_URL)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="bench")
def noop(number: int) -> None:
    watch.begin()


def drain(jobs: int, slots: int) -> float:
    broker.flush_all()
    for number in range(jobs):
        noop.send(number)
    worker = dramatiq.Worker(broker, worker_threads=slots)
    worker.start()
    broker.join("bench")
    worker.join()
    rate = watch.rate(jobs)
    worker.stop()
    return rate


if __name__ == "__main__":
    main(drain=drain)
