"""`manage.py rqenqueue` is refused."""

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: A job is a row in Postgres; a function's name in Redis is not run."
    why = "A job is a row in Postgres; a function's name in Redis is not run."
    instead = "queues.enqueue.enqueue"
