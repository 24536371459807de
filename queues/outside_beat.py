"""Keeping the process that beats from outside of the interpreter: see `queues.beat_process`."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.db import connection

from queues.beat_process import BYE
from queues.conf import BEAT_AGAIN_SECONDS, BEATS_PER_LEASE, SILENCE_SECONDS, lease_seconds

log = logging.getLogger(__name__)

SCRIPT: Final = Path(__file__).with_name("beat_process.py")
EXIT_SECONDS: Final = 1.0


class OutsideBeat:
    """A small process that renews a worker's lease while this one runs, busy or not."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, worker_id: int) -> None:
        """Say whose lease it is, and that this interpreter lives. Starts the process if need be.

        Needs the database the first time, and whenever the process died.
        """
        if self._process is None or self._process.poll() is not None:
            self._start()
        self._say(str(worker_id).encode())

    def end(self) -> None:
        """End it, and leave the lease as it is."""
        if self._process is None:
            return
        self._say(BYE)
        self._close()
        try:
            self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        if self._process is not None:
            log.warning("The process that renews the lease has died; starting another")
            self._close()
        # Nothing is inherited but this pipe, which closes when this process dies, however it does.
        self._process = subprocess.Popen(  # noqa: S603  (our own script)
            [sys.executable, "-I", str(SCRIPT)], stdin=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None  # noqa: S101
        os.set_blocking(self._process.stdin.fileno(), False)
        self._say(json.dumps(_conf()).encode())

    def _say(self, line: bytes) -> None:
        # What is full or broken is found by the next beat.
        with suppress(OSError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(line + b"\n")

    def _close(self) -> None:
        with suppress(OSError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()


def _conf() -> dict[str, object]:
    """Return what the process must know. The password goes no other way than through the pipe."""
    connection.ensure_connection()
    info = connection.connection.info
    lease = lease_seconds()
    patience = {
        "connect_timeout": max(2, lease // BEATS_PER_LEASE),
        "tcp_user_timeout": lease * 1000,
    }
    return {
        "connection": {**info.get_parameters(), "password": info.password, **patience},
        "lease": lease,
        "every": lease / BEATS_PER_LEASE,
        "again": min(lease / BEATS_PER_LEASE, BEAT_AGAIN_SECONDS),
        "silence": max(SILENCE_SECONDS, 4 * lease),
    }
