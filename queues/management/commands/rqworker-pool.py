"""`manage.py rqworker-pool` is refused."""

# ruff: noqa: N999  (django-rq's name)

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: RQ's pool runs workers that unpickle what lies in Redis."
    why = "RQ's pool runs workers that unpickle what lies in Redis."
    instead = "manage.py rqworker, once for each process"
