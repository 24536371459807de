from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """What an operator did. Append-only: a trigger refuses changes, and deletions for 30 days.

    `door` is where it came in (admin, API, CLI, page, code). `target` says what it was done to:
    ids, a queue, or a filter.
    """

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=200)
    door = models.CharField(max_length=16)
    verb = models.CharField(max_length=32)
    target = models.JSONField(default=dict)
    count = models.PositiveBigIntegerField(default=1)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [models.Index(fields=["at"], name="audit_at")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.verb}"
