from __future__ import annotations

from typing import ClassVar

from django.db import models


class QueueControl(models.Model):
    """What operators set for one queue while workers run. No row means: as the settings say.

    Workers read it at least once a second, and every claim reads `paused_at`, `cap` and `rate`
    itself.
    """

    name = models.CharField(max_length=64, primary_key=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="Running jobs of this queue at most, over all workers."
    )
    slots = models.PositiveIntegerField(
        null=True, blank=True, help_text="Jobs that one worker runs side by side."
    )
    rate = models.PositiveIntegerField(
        null=True, blank=True, help_text="Jobs that begin in `per_seconds` at most."
    )
    per_seconds = models.FloatField(null=True, blank=True)
    is_fair = models.BooleanField(
        default=False, db_default=False, help_text="Keys take turns; else first come, first served."
    )
    window = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="What began lately, see queues.rate.",
    )
    opens_at = models.DateTimeField(null=True, help_text="When the rate lets the next begin.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
