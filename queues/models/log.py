from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class LogLine(models.Model):
    """A line that a handler wrote about its own attempt. Never changed once written."""

    job = models.ForeignKey(
        "queues.Job", on_delete=models.CASCADE, related_name="log_lines", db_constraint=False
    )
    token = models.BigIntegerField(help_text="Of the attempt that wrote it.")
    at = models.DateTimeField(db_default=Now())
    text = models.CharField(max_length=1000)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text
