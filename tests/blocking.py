"""Other processes that hold locks in Postgres, and do nothing."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import ROOT, environment

HOLD = """
import os, signal, sys
import psycopg
connection = psycopg.connect(os.environ["DATABASE_URL"])
connection.execute(sys.argv[1])
print("locked", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


class Blocker:
    """A process that runs a statement in a transaction, and freezes inside of a `with` block."""

    def __init__(self, statement):
        self._statement = statement

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, self._statement],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout.readline() == b"locked\n"
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
