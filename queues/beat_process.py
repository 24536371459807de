"""The beat of a worker from outside of its interpreter, which a handler may keep busy.

Started as a script, and imports nothing of ours: it must be small, and Django is not. Its worker
writes lines to its stdin: first the parameters of the connection and the timing, as JSON; then its
id, again and again, as a sign of life. A last line says that the worker ends by itself.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any, Final

import psycopg

BYE: Final = b"bye"
BEAT: Final = """
UPDATE queues_worker
SET beat_at = clock_timestamp(),
    expires_at = clock_timestamp() + %(lease)s * interval '1 second'
WHERE id = %(worker)s
"""
# A lease that ends no later than its last beat was given up: see `queues.statements.maintaining`.
GIVE_UP: Final = """
UPDATE queues_worker SET expires_at = least(beat_at, clock_timestamp()) WHERE id = %(worker)s
"""


class Worker:
    """The process that started this one, as far as it can be known from outside."""

    def __init__(self) -> None:
        self.id = 0
        self.heard_at = time.monotonic()
        self.has_left = self.has_died = False
        self._pid = os.getppid()
        self._rest = b""

    def listen(self, seconds: float) -> None:
        """Wait for the worker to say something, `seconds` at most."""
        readable, _, _ = select.select([0], [], [], seconds)
        if not readable:
            self.has_died = os.getppid() != self._pid
            return
        said = os.read(0, 65536)
        # It keeps the other end open for as long as it lives.
        self.has_died = not said
        *lines, self._rest = (self._rest + said).split(b"\n")
        for line in lines:
            self.heard_at = time.monotonic()
            self.has_left |= line == BYE
            self.id = self.id if line == BYE else int(line)

    def may_run(self, silence: float) -> bool:
        """Say whether it lives, is not stopped, and was heard in the last `silence` seconds."""
        is_silent = time.monotonic() - self.heard_at > silence
        return os.getppid() == self._pid and not is_silent and self._state() not in "Tt"

    def _state(self) -> str:
        """Return the letter that `ps` shows; T is stopped by a signal, t by a debugger."""
        with suppress(FileNotFoundError), open(f"/proc/{self._pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b") ")[2][:1].decode()
        command = ["/bin/ps", "-o", "state=", "-p", str(self._pid)]
        with suppress(OSError):
            done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  (ours)
            return done.stdout[:1].decode()
        return "R"


class Postgres:
    """A connection that is opened anew when it is lost."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = parameters
        self._connection: psycopg.Connection | None = None

    def execute(self, statement: str, params: dict[str, Any]) -> bool:
        """Execute a statement, and say whether it could be done."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(**self._parameters, autocommit=True)
            self._connection.execute(statement, params)
        except psycopg.Error:
            self._connection = None
            return False
        return True


def main() -> None:
    """Beat until the worker is gone. If it died, let its jobs be rescued at once."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # They are for the worker, which may go on for a while.
        signal.signal(number, signal.SIG_IGN)
    # Unbuffered: what follows is read when there is something to read.
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        conf = json.loads(stdin.readline())
    worker, postgres, due = Worker(), Postgres(conf["connection"]), 0.0
    while not (worker.has_left or worker.has_died):
        worker.listen(max(0.0, due - time.monotonic()))
        if time.monotonic() >= due:
            beats = worker.id and worker.may_run(conf["silence"])
            did = beats and postgres.execute(BEAT, {"worker": worker.id, "lease": conf["lease"]})
            due = time.monotonic() + (conf["every"] if did else conf["again"])
    if worker.has_died and worker.id:
        postgres.execute(GIVE_UP, {"worker": worker.id})


if __name__ == "__main__":
    main()
