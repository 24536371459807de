from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rest_framework import serializers

from queues.api.fields import QueueField, StrictCharField, StrictIntegerField, StrictSerializer
from queues.arguments import camel
from queues.conf import get_queues
from queues.metrics import COUNTERS
from queues.series import DEFAULT_MINUTES, MAX_MINUTES, SHARES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from queues.series import Minute, Series

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


def _numbers(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text=help_text
    )


class SharesSerializer(serializers.Serializer[Any]):
    """For each minute, below which bound that share of the durations lies; null without any."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each share that there is."""
        return {
            name: serializers.ListField(
                child=serializers.IntegerField(allow_null=True), read_only=True
            )
            for name in SHARES
        }


class QueueSeriesSerializer(serializers.Serializer[Any]):
    """What happened in one queue: in each list a number for each of the minutes."""

    name = serializers.CharField(read_only=True)
    jsonName = serializers.CharField(read_only=True)
    waitMs = SharesSerializer(read_only=True, help_text="How long jobs waited once they were due.")
    runMs = SharesSerializer(read_only=True, help_text="How long their attempts ran.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields above and one for each counter that there is."""
        counters = {camel(name): _numbers("Jobs or attempts.") for name in COUNTERS}
        return {**super().get_fields(), **counters}


class SeriesSerializer(serializers.Serializer[Any]):
    """What happened minute by minute."""

    minutes = serializers.ListField(
        child=serializers.DateTimeField(),
        read_only=True,
        help_text="When each minute began. The one that is not over is left out.",
    )
    queues = QueueSeriesSerializer(many=True, read_only=True)

    def to_representation(self, instance: Series) -> dict[str, Any]:
        """Return the series as the answers have it: lists, for there may be a day of minutes."""
        return super().to_representation(
            {
                "minutes": instance.minutes,
                "queues": [_of_queue(*one) for one in instance.queues.items()],
            }
        )


def _of_queue(name: str, minutes: list[Minute]) -> dict[str, Any]:
    return {
        "name": name,
        "jsonName": get_queues()[name].json_name,
        **{camel(one): [minute.counters[one] for minute in minutes] for one in COUNTERS},
        "waitMs": _shares(minute.waits for minute in minutes),
        "runMs": _shares(minute.runs for minute in minutes),
    }


def _shares(minutes: Iterable[Mapping[str, int | None]]) -> dict[str, list[int | None]]:
    every = list(minutes)
    return {name: [one[name] for one in every] for name in SHARES}
