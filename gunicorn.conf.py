"""What gunicorn does beside what its command line says. It reads this file by its name."""

from __future__ import annotations

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Let viewers of events go as soon as a worker is told to end, for it waits for its threads."""
    from queues.api.viewers import look_on_while  # noqa: PLC0415  (once Django is set up)

    look_on_while(lambda: bool(worker.alive))
