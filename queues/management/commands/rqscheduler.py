"""`manage.py rqscheduler` is refused."""

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: RQ's scheduler is not used; every worker promotes delayed jobs."
    why = "RQ's scheduler is not used; every worker promotes delayed jobs."
    instead = "manage.py rqworker"
