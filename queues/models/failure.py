from __future__ import annotations

from typing import ClassVar

from django.db import models


class FailureGroup(models.Model):
    """Failed attempts of one kind that raised the same class at the same place."""

    fingerprint = models.CharField(max_length=16, primary_key=True)
    kind = models.CharField(max_length=100)
    error_class = models.CharField(max_length=200)
    place = models.CharField(max_length=300, help_text="Module and function that raised.")
    message = models.TextField(blank=True, help_text="Of the last one.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    first_version = models.CharField(max_length=50, blank=True)
    last_version = models.CharField(max_length=50, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-last_seen"]
        indexes: ClassVar = [models.Index(fields=["last_seen"], name="failure_last_seen")]

    def __str__(self) -> str:
        return f"{self.error_class} in {self.place}"
