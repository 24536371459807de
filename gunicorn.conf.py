"""What gunicorn does beside what its command line says. It reads this file by its name."""

from __future__ import annotations

from typing import Any

# A reason of 500 characters in the query of a DELETE may have 6,000 bytes.
limit_request_line = 8190
# With the request's id, by which its other lines in the log are found.
access_log_format = (
    '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({x-request-id}o)s'
)


# So long a thread waits for the next bytes of a body, or for somebody to take those of an answer.
SILENCE_SECONDS = 10.0


def pre_request(worker: Any, req: Any) -> None:
    """Let nobody hold a thread by sending a body that never comes, or by reading nothing.

    Who sends a byte now and then still can: a proxy that buffers belongs in front.
    """
    connection = getattr(req.unreader, "sock", None)
    if connection is not None:
        connection.settimeout(SILENCE_SECONDS)


def post_worker_init(worker: Any) -> None:
    """Let viewers of events go as soon as a worker is told to end, for it waits for its threads."""
    from queues.api.viewers import look_on_while  # noqa: PLC0415  (once Django is set up)

    look_on_while(lambda: bool(worker.alive))
