from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """A request that was carried out, and what was answered: sent again, it is answered alike.

    Written in the transaction of what the request did. `principal` is whose key it is, and
    `fingerprint` tells a repetition from another request under the same key.
    """

    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return self.key


class Bucket(models.Model):
    """How often somebody may still come: a token bucket, see `queues.throttle`."""

    key = models.CharField(max_length=200, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField(help_text="When there were so many tokens.")
    full_at = models.DateTimeField(db_index=True, help_text="From then on it may be forgotten.")

    def __str__(self) -> str:
        return self.key
