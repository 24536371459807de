"""What gunicorn does beside what its command line says. It reads this file by its name."""

from __future__ import annotations

from typing import Any

# A reason of 500 characters in the query of a DELETE may have 6,000 bytes.
limit_request_line = 8190
# With the request's id, by which its other lines in the log are found.
access_log_format = (
    '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({x-request-id}o)s'
)


def post_worker_init(worker: Any) -> None:
    """Let viewers of events go as soon as a worker is told to end, for it waits for its threads."""
    from queues.api.viewers import look_on_while  # noqa: PLC0415  (once Django is set up)

    look_on_while(lambda: bool(worker.alive))
