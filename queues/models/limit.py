from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Greatest


class Limit(models.Model):
    """What the jobs of a key may do over all workers: so many at once, so many begun in a time.

    A `key` that ends in `*` holds for each key that begins so, for each by itself. The longest
    that fits is the one that counts, as a whole.
    """

    key = models.CharField(max_length=200, primary_key=True)
    concurrency = models.PositiveIntegerField(
        null=True, blank=True, help_text="Running jobs of the key at most."
    )
    rate = models.PositiveIntegerField(
        null=True, blank=True, help_text="Jobs that begin in `per_seconds` at most."
    )
    per_seconds = models.FloatField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["key"]
        indexes: ClassVar = [
            models.Index(
                fields=["key"], condition=models.Q(key__endswith="*"), name="limit_beginnings"
            )
        ]

    def __str__(self) -> str:
        return self.key


class LimitKey(models.Model):
    """What is kept of one key between claims. The lock on its row makes claimers take turns.

    Running jobs are not counted here but in the jobs' table, so nothing can leak. `window` is what
    began lately (see `queues.rate`), `opens_at` when the rate lets the next begin, `closed_until`
    what a handler or a person asked for, `forget_at` when nothing of it counts any more.
    """

    key = models.CharField(max_length=200, primary_key=True)
    window = models.JSONField(default=list)
    opens_at = models.DateTimeField(null=True)
    closed_until = models.DateTimeField(null=True)
    forget_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                Greatest("opens_at", "closed_until"),
                condition=models.Q(opens_at__isnull=False) | models.Q(closed_until__isnull=False),
                name="limitkey_opens",
            )
        ]

    def __str__(self) -> str:
        return self.key
