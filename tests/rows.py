"""What many tests do to rows, or ask of them."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from queues.models import Job, Worker


def let_leases_run_out():
    """Let every worker look as if it had stopped beating."""
    Worker.objects.update(expires_at=Now() - timedelta(seconds=1))


def all_completed():
    """Has every job that there is completed?"""
    return not Job.objects.exclude(state="completed").exists()
