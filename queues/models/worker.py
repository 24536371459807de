from __future__ import annotations

from typing import ClassVar

from django.db import models


class Worker(models.Model):
    """A worker that holds a lease. The row goes when it stops, or when a rescuer finds it dead.

    `expires_at` is by Postgres' clock: a worker's own clock may be wrong.
    """

    name = models.CharField(max_length=200)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=50)
    queues = models.JSONField(default=list)
    slots = models.JSONField(default=dict)
    kinds = models.JSONField(default=list)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
