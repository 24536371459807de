"""`manage.py rqstats` is refused."""

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: It reads RQ's registries with classes that unpickle what lies in Redis."
    why = "It reads RQ's registries with classes that unpickle what lies in Redis."
    instead = "manage.py queues status"
