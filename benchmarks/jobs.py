"""What is measured: jobs that do nothing, that tell when they began, and that wait for a server."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, ClassVar, Final

from queues.arguments import Arguments
from queues.registry import handles

if TYPE_CHECKING:
    from queues.context import Context

QUEUE: Final = "content-aggregation"
# The measuring process names a file in it, and reads there what handlers write.
REPORT: Final = os.environ.get("BENCH_REPORT", "")

_local = threading.local()
_has_begun: list[bool] = []


@dataclass(frozen=True, kw_only=True)
class Noop(Arguments):
    """Do nothing. The first one of a process says when it began."""

    kind: ClassVar[str] = "bench.noop"
    number: int


@dataclass(frozen=True, kw_only=True)
class Stamp(Arguments):
    """Say when it began."""

    kind: ClassVar[str] = "bench.stamp"


@dataclass(frozen=True, kw_only=True)
class Wait(Arguments):
    """Ask a server of the measuring process, which takes its time."""

    kind: ClassVar[str] = "bench.wait"
    port: int


@handles(Noop, queue=QUEUE)
def noop(arguments: Noop, context: Context) -> None:
    if not _has_begun:
        _has_begun.append(True)
        _say(0)


@handles(Stamp, queue=QUEUE)
def stamp(arguments: Stamp, context: Context) -> None:
    _say(context.job_id)


@handles(Wait, queue=QUEUE)
def wait(arguments: Wait, context: Context) -> None:
    if not _has_begun:
        _has_begun.append(True)
        _say(0)
    link = getattr(_local, "link", None)
    if link is None:
        link = _local.link = HTTPConnection("127.0.0.1", arguments.port, timeout=10)
    link.request("GET", "/")
    link.getresponse().read()


def _say(job_id: int) -> None:
    now = time.time()
    with suppress(FileNotFoundError), open(REPORT, "a") as file:  # noqa: PTH123  (the hot path)
        file.write(f"{job_id} {now}\n")
