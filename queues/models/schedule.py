from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Overlap(models.TextChoices):
    """What a tick does while an earlier job of its schedule is not finished."""

    ALLOW = "allow", "allow: both"
    SKIP = "skip", "skip: the earlier one alone"
    REPLACE = "replace", "replace: the earlier one is cancelled"


class Misfire(models.TextChoices):
    """What becomes of ticks that nobody was there to make."""

    SKIP = "skip", "skip them"
    RUN_ONCE = "run-once", "one job for all of them"


class Schedule(models.Model):
    """Jobs to be made at certain times. One row, one next tick: `next_at` is all there is of it.

    Exactly one of `cron` and `every_seconds` is set. Cron is read in `time_zone`. `options` are
    those of `queues.enqueue.enqueue`. `next_at` is null while it is disabled, and once there is no
    further tick. A tick that could not be made leaves `last_error`, and waits until `retry_at`.
    """

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    cron = models.CharField(max_length=200, blank=True)
    every_seconds = models.PositiveIntegerField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_enabled = models.BooleanField(default=True)
    overlap = models.CharField(max_length=16, choices=Overlap.choices, default=Overlap.SKIP)
    misfire = models.CharField(max_length=16, choices=Misfire.choices, default=Misfire.RUN_ONCE)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="Jobs at most, in all.")
    jitter_seconds = models.PositiveIntegerField(default=0)

    next_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True, help_text="The last tick that was due.")
    last_job_id = models.BigIntegerField(null=True)
    ticks = models.PositiveIntegerField(default=0, help_text="Ticks that made a job.")
    skipped = models.PositiveIntegerField(
        default=0, help_text="Times that no job was made; an outage is one."
    )
    last_error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(cron="") ^ models.Q(every_seconds__isnull=True),
                name="schedule_cron_or_every",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], condition=models.Q(is_enabled=True), name="schedule_due"
            )
        ]

    def __str__(self) -> str:
        return self.name
