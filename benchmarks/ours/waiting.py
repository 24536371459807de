"""Jobs a second that wait for a server, as the jobs of a fediverse client do."""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.jobs import Wait
from benchmarks.ours import stage
from benchmarks.slow_server import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def slow_server() -> Iterator[int]:
    """Serve from a process of its own inside of the block, and give the port."""
    command = [sys.executable, "-m", "benchmarks.slow_server"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=stage.ROOT, text=True, stdin=pipe, stdout=pipe) as server:
        yield int(server.stdout.readline() if server.stdout else 0)
        if server.stdin:
            server.stdin.close()


def wait(jobs: int, slots: int) -> float:
    """Return jobs a second of one worker."""
    with slow_server() as port:
        stage.clear()
        stage.fill(lambda _: Wait(port=port), jobs)
        with stage.crew(slots) as crew:
            end = stage.until(stage.is_settled)
            return jobs / (end - crew.begun()[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--slots", type=int, default=64)
    options = parser.parse_args()
    stage.tell(value=wait(options.jobs, options.slots), ideal=options.slots / SECONDS)


if __name__ == "__main__":
    main()
