from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Operation(models.Model):
    """A verb that is being done to all jobs of a filter, in chunks, by a job of its own.

    `cursor` is the last job id that was looked at, committed with what was done to it; jobs beyond
    `last_id` came later and are not meant. `value` is the verb's, such as a priority.
    """

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped"

    verb = models.CharField(max_length=16)
    filter = models.JSONField(default=dict)
    value = models.JSONField(null=True)
    actor = models.CharField(max_length=200)
    door = models.CharField(max_length=16)
    reason = models.TextField(blank=True)
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    must_stop = models.BooleanField(default=False)
    job_id = models.BigIntegerField(null=True)
    cursor = models.BigIntegerField(default=0)
    last_id = models.BigIntegerField()
    total = models.PositiveBigIntegerField(help_text="Jobs that the filter found beforehand.")
    done = models.PositiveBigIntegerField(default=0)
    passed_over = models.PositiveBigIntegerField(
        default=0, help_text="Jobs that the verb did not fit any more."
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} of {self.total} jobs"


class Change(models.Model):
    """What one job was like before an operation, as far as undoing needs it."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="changes")
    job_id = models.BigIntegerField()
    before = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["operation", "job_id"], name="change_once")
        ]

    def __str__(self) -> str:
        return f"job {self.job_id} before operation {self.operation_id}"
