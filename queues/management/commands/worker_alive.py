"""`manage.py worker_alive`: the health check of a worker's container."""

from __future__ import annotations

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models.functions import Now

from queues.models import Worker


class Command(BaseCommand):
    """Fail unless a worker on this host holds a lease that has not run out."""

    help = "Exits with 0 if a worker on this host is alive, else with 1."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask by Postgres' clock."""
        host = socket.gethostname()
        if not Worker.objects.filter(host=host, expires_at__gt=Now()).exists():
            raise CommandError(f"No worker on {host} holds a lease.")
