from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Effect(models.Model):
    """Something that a job has done outside of the database, and what came of it."""

    job = models.ForeignKey(
        "queues.Job", on_delete=models.CASCADE, related_name="effects", db_constraint=False
    )
    key = models.CharField(max_length=100)
    result = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "key"], name="effect_once_per_key")
        ]

    def __str__(self) -> str:
        return self.key
