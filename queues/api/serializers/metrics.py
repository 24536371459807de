from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import QueueField, StrictCharField, StrictIntegerField, StrictSerializer
from queues.api.serializers.queues import JsonNameField
from queues.arguments import camel
from queues.metrics import COUNTERS
from queues.series import DEFAULT_MINUTES, MAX_MINUTES, SHARES

MAX_KIND: Final = 100


class MetricsQuerySerializer(StrictSerializer):
    """Of what, and how far back."""

    queue = QueueField(required=False, help_text="One queue; without it, all of them.")
    kind = StrictCharField(
        required=False, max_length=MAX_KIND, help_text="One kind of jobs; without it, all of them."
    )
    minutes = StrictIntegerField(
        default=DEFAULT_MINUTES,
        min_value=1,
        max_value=MAX_MINUTES,
        help_text="How many minutes, up to the last one that is over.",
    )


class SharesSerializer(Facts):
    """For each minute, below which bound that share of the durations lies; null without any."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each share that there is."""
        return {
            name: serializers.ListField(
                child=serializers.IntegerField(allow_null=True), read_only=True
            )
            for name in SHARES
        }


class QueueSeriesSerializer(Facts):
    """What happened in one queue: in each list a number for each of the minutes."""

    name = serializers.CharField()
    jsonName = JsonNameField()
    waitMs = SharesSerializer(source="waits", help_text="How long jobs waited once they were due.")
    runMs = SharesSerializer(source="runs", help_text="How long their attempts ran.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields above and one for each counter that there is."""
        return {**super().get_fields(), **{camel(name): _numbers(name) for name in COUNTERS}}


class SeriesSerializer(Facts):
    """What happened minute by minute, in lists, for there may be a day of minutes."""

    minutes = serializers.ListField(
        child=serializers.DateTimeField(),
        help_text="When each minute began. The one that is not over is left out.",
    )
    queues = QueueSeriesSerializer(many=True)


def _numbers(counter: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(),
        source=f"counters.{counter}",
        read_only=True,
        help_text="Jobs or attempts.",
    )
