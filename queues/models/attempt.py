from __future__ import annotations

from typing import ClassVar

from django.db import models


class Outcome(models.TextChoices):
    """How an attempt ended that did not complete its job."""

    FAILED = "failed", "failed"
    SNOOZED = "snoozed", "snoozed"
    TIMED_OUT = "timed out", "timed out"
    CRASHED = "crashed", "crashed"
    WORKER_LOST = "worker lost", "lost with its worker"
    CANCELLED = "cancelled", "cancelled"


class Attempt(models.Model):
    """One try of a job that did not complete it. Never changed once written.

    `number` is the job's attempt at that time; a snooze and a crash give it back, so a number may
    occur more than once. An attempt that was lost with its worker is not held against the job.
    `traceback` is cut at 16 KiB.
    """

    job = models.ForeignKey(
        "queues.Job", on_delete=models.CASCADE, related_name="attempts", db_constraint=False
    )
    number = models.PositiveSmallIntegerField()
    token = models.BigIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    worker_name = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    error_class = models.CharField(max_length=200, blank=True)
    error_message = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    progress = models.JSONField(null=True)
    code_version = models.CharField(max_length=50, blank=True, db_default="")
    fingerprint = models.CharField(max_length=16, blank=True, db_default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "token"], name="attempt_once_per_token")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of job {self.job_id}: {self.outcome}"
