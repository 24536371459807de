"""How gunicorn serves the hub. It reads this file by its name; the command line wins over it."""

from __future__ import annotations

import os
import resource
from typing import Any

worker_class = "fediverse.gunicorn_worker.HubWorker"
# Processes. What takes the processor for long delays the others of its process only.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Of each process. A thread for every connection that is read or answered, most of which wait; how
# many requests are worked on at once is in fediverse/admission.py.
threads = 500
worker_connections = 600
# A reason of 500 characters in the query of a DELETE may have 6,000 bytes.
limit_request_line = 8190
# gunicorn would believe a header SCRIPT_NAME of whoever is on this machine, as a proxy may be that
# passes on what callers send.
forwarder_headers = ""
# So that everything goes through the sockets that know for how long a client may take.
sendfile = False
accesslog = "-"
logger_class = "fediverse.gunicorn_worker.PathLogger"
# With the request's id, by which its other lines in the log are found.
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s "%(a)s" %({x-request-id}o)s'

# Connections are files, of which a process is often allowed 1,024 unless it asks for more.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = 8192 if _hard == resource.RLIM_INFINITY else min(8192, _hard)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, _wanted), _hard))


def post_worker_init(worker: Any) -> None:
    """Let viewers of events go as soon as a worker is told to end, for it waits for its threads."""
    from queues.api.viewers import look_on_while  # noqa: PLC0415  (once Django is set up)

    look_on_while(lambda: bool(worker.alive))
