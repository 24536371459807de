"""Procrastinate, which keeps its jobs in Postgres as we do."""

from __future__ import annotations

import asyncio
import time

from common import DATABASE_URL, Watch, main
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

watch = Watch()


def new_app(connector: PsycopgConnector | SyncPsycopgConnector) -> App:
    app = App(connector=connector)

    @app.task(name="bench.noop")
    async def noop(number: int) -> None:
        watch.begin()

    return app


def empty() -> None:
    with new_app(SyncPsycopgConnector(conninfo=DATABASE_URL)).open() as app:
        app.connector.execute_query("DROP SCHEMA public CASCADE")
        app.connector.execute_query("CREATE SCHEMA public")
        app.schema_manager.apply_schema()


def fill(jobs: int) -> float:
    with new_app(SyncPsycopgConnector(conninfo=DATABASE_URL)).open() as app:
        began = time.perf_counter()
        app.tasks["bench.noop"].batch_defer(*[{"number": n} for n in range(jobs)])
        return jobs / (time.perf_counter() - began)


async def work(slots: int) -> None:
    async with new_app(PsycopgConnector(conninfo=DATABASE_URL)).open_async() as app:
        await app.run_worker_async(wait=False, concurrency=slots, install_signal_handlers=False)


def drain(jobs: int, slots: int) -> float:
    empty()
    fill(jobs)
    asyncio.run(work(slots))
    return watch.rate(jobs)


def bulk(jobs: int, slots: int) -> float:
    empty()
    return fill(jobs)


def add(jobs: int, slots: int) -> float:
    empty()
    with new_app(SyncPsycopgConnector(conninfo=DATABASE_URL)).open() as app:
        noop = app.tasks["bench.noop"]
        noop.defer(number=-1)
        began = time.perf_counter()
        for number in range(jobs):
            noop.defer(number=number)
        return jobs / (time.perf_counter() - began)


if __name__ == "__main__":
    main(drain=drain, bulk=bulk, add=add)
