from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from queues.histogram import BOUNDS_MS


def empty_histogram() -> list[int]:
    return [0] * (len(BOUNDS_MS) + 1)


class Metric(models.Model):
    """What happened to one kind in one queue within one minute. Outlives the jobs.

    The histograms count jobs by the bounds of `queues.histogram`, in milliseconds: how long a job
    waited after it was due, and how long its attempt ran.
    """

    minute = models.DateTimeField()
    queue = models.CharField(max_length=64)
    kind = models.CharField(max_length=100)
    completed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    retried = models.PositiveIntegerField(default=0)
    snoozed = models.PositiveIntegerField(default=0)
    timed_out = models.PositiveIntegerField(default=0)
    crashed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    wait_ms = ArrayField(models.PositiveIntegerField(), default=empty_histogram)
    run_ms = ArrayField(models.PositiveIntegerField(), default=empty_histogram)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["minute", "queue", "kind"], name="metric_once_per_minute"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.minute:%Y-%m-%d %H:%M}"
