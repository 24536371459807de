"""RQ's worker class, as `manage.py rqworker` starts it: RQ's view of a worker of ours."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rq import Worker, worker_registration
from rq.utils import now

from queues.transport.client import RedisError, consumer
from queues.worker.loop import Until
from queues.worker.main import work
from queues.worker.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from redis import Redis

PRESENCE_SECONDS: Final = 10.0
PRESENCE_TTL: Final = 60


class HubWorker(Worker):
    """Runs many jobs side by side, and lives on while Redis is away.

    RQ's own dequeueing, forking, registries and scheduler are not used; what `rq info` and
    django-rq's pages read about a worker is kept up to date, as far as Redis lets us.
    """

    # How many jobs of a queue side by side, where that is not as the settings say.
    slots: Mapping[str, int] = MappingProxyType({})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["connection"] = consumer()
        super().__init__(*args, **kwargs)
        self._switch = Switch()
        self._gone = threading.Event()

    def work(
        self,
        burst: bool = False,
        *args: Any,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        **kwargs: Any,
    ) -> bool:
        """Work until SIGTERM or SIGINT, or as the options say. Returns whether any job was run.

        The first signal stops claiming and waits for what runs; the second hands it back at once.
        """
        del args, kwargs  # RQ's logging and scheduler options, which have no meaning here
        self._install_signal_handlers()
        presence = threading.Thread(target=self._keep_present, name="presence", daemon=True)
        presence.start()
        until = Until(burst=burst, max_jobs=max_jobs, max_idle_seconds=max_idle_time)
        names = self.queue_names()
        try:
            done = work(self.name, names, switch=self._switch, until=until, slots=self.slots)
        finally:
            self._gone.set()
            presence.join(timeout=1.0)
        if done.must_be_replaced and not self._switch.stop.is_set():
            self._replace_this_process()
        return done.jobs > 0

    def _replace_this_process(self) -> None:
        """Begin anew in the same process: the only end of a thread that does not listen."""
        self.log.warning("Worker %s starts anew, for a handler is stuck in it", self.name)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT."""
        self._switch.press()

    def _set_connection(self, connection: Redis) -> Redis:
        """Leave the timeouts alone: RQ would wait seven minutes for a Redis that hangs."""
        return connection

    def _set_ip_address(self, connection: Redis) -> None:
        try:
            super()._set_ip_address(connection)
        except RedisError:
            self.ip_address = "unknown"

    def _keep_present(self) -> None:
        self.birth_date = now()
        while not self._gone.is_set():
            with suppress(RedisError):
                self._register()
            self._gone.wait(PRESENCE_SECONDS)
        with suppress(RedisError):
            self.register_death()

    def _register(self) -> None:
        """Write all of it each time: after a flush, RQ itself would stay unlisted for good."""
        self.last_heartbeat = now()
        with self.connection.pipeline() as pipeline:
            pipeline.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
            pipeline.expire(self.key, PRESENCE_TTL)
            pipeline.execute()
