"""`manage.py rqresume` is refused."""

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: Our workers do not read RQ's switch."
    why = "Our workers do not read RQ's switch."
    instead = "manage.py queues resume"
