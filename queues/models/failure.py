from __future__ import annotations

from typing import ClassVar

from django.db import models


class FailureGroup(models.Model):
    """Attempts of one kind that failed with the same class of error, from the same place.

    No index but the primary key: a busy group is updated in place, and there are few groups.
    """

    fingerprint = models.CharField(max_length=16, primary_key=True)
    kind = models.CharField(max_length=100)
    error_class = models.CharField(max_length=200)
    place = models.CharField(
        max_length=300, blank=True, help_text="Module and function that it comes from."
    )
    message = models.TextField(blank=True, help_text="Of the last one.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    first_version = models.CharField(max_length=50, blank=True)
    last_version = models.CharField(max_length=50, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-last_seen"]

    def __str__(self) -> str:
        return f"{self.error_class} in {self.place}" if self.place else self.error_class
