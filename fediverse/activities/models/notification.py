from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Notification(models.Model):
    """Something that a user is told, once for each job that tells it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,  # notification_newest begins with it
    )
    type = models.CharField(max_length=64)
    message = models.TextField()
    job_id = models.BigIntegerField(unique=True, help_text="The job that stored it.")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index("user", models.F("id").desc(), name="notification_newest"),
            models.Index(
                "user",
                models.F("id").desc(),
                condition=models.Q(read_at__isnull=True),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} for user {self.user_id}"
