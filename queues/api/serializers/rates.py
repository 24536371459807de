from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import JsonField, StrictIntegerField, StrictSerializer
from queues.api.units import MS
from queues.rate import MAX_COUNT, MAX_SECONDS, MIN_SECONDS, Rate


class RateLimitSerializer(StrictSerializer):
    """At most `max` jobs begin in any `duration`."""

    max = StrictIntegerField(min_value=1, max_value=MAX_COUNT, help_text="Jobs that begin.")
    duration = StrictIntegerField(
        min_value=round(MIN_SECONDS * MS), max_value=MAX_SECONDS * MS, help_text="Milliseconds."
    )


@extend_schema_field(RateLimitSerializer)
class RateField(JsonField):
    """`{"max": 300, "duration": 60000}`, or null for none.

    What is read is a Rate, or None; what is shown is a row that has one, such as a Limit.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the rate. Raises ValidationError."""
        value = super().to_internal_value(data)
        # That is how forms say it.
        if value is None:
            return None
        if not isinstance(value, dict):
            raise serializers.ValidationError('Not a rate; allowed: {"max", "duration"}, or null.')
        serializer = RateLimitSerializer(data=value)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        return Rate(count=said["max"], per=said["duration"] / MS)

    def to_representation(self, value: Any) -> Any:
        """Return the rate of a row that has a `rate` and `per_seconds`; None for none."""
        if value.rate is None:
            return None
        return {"max": value.rate, "duration": round(value.per_seconds * MS)}
