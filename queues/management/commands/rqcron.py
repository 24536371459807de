"""`manage.py rqcron` is refused."""

from __future__ import annotations

from queues.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused: RQ's cron puts calls of functions into Redis, which our workers do not run."
    why = "RQ's cron puts calls of functions into Redis, which our workers do not run."
    instead = "schedules, see docs/schedules.md"
