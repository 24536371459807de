"""The threads in which a worker's handlers run."""

from __future__ import annotations

import logging
import threading
from contextvars import Context
from queue import SimpleQueue
from typing import TYPE_CHECKING

from django.db import connections

from queues.database import let_go
from queues.endings import Gone
from queues.execution import Performed, perform
from queues.settlement import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from queues.claims import Claim
    from queues.recorder import AttemptRecorder

    Task = tuple[Claim, AttemptRecorder]

log = logging.getLogger(__name__)


class Pool:
    """Performs claims in threads that are kept for the next ones. As many as run at once."""

    def __init__(self, done: Callable[[Performed], None]) -> None:
        self._done = done
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = 0

    def submit(self, tasks: Sequence[Task], *, running: int) -> None:
        """Perform claims, in as many threads as `running` says that there are claims at all."""
        for task in tasks:
            self._tasks.put(task)
        self.grow(running)

    def grow(self, threads: int) -> None:
        """Have so many threads at least. To start one takes longer than many a job."""
        for _ in range(self._threads, threads):
            self._threads += 1
            threading.Thread(target=self._run, name=f"job-{self._threads}", daemon=True).start()

    def close(self) -> None:
        """Let the threads end once they have nothing to do. Those that are stuck stay behind."""
        for _ in range(self._threads):
            self._tasks.put(None)

    def _run(self) -> None:
        mine = connections.all()
        while (task := self._tasks.get()) is not None:
            claim, recorder = task
            performed = Performed(claim, Gone(), Verdict.LOST, 0.0)
            try:
                # A context of its own: no language, time zone or log field of the job before it.
                performed = Context().run(perform, claim, recorder)
                mine = let_go(mine)
            except BaseException:
                # No handler's doing, for those are caught where they are called.
                log.exception("Job %s broke its thread", claim.id)
            self._done(performed)
