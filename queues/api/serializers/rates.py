from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import JsonField, StrictIntegerField, StrictSerializer
from queues.api.units import MS
from queues.rate import MAX_COUNT, MAX_SECONDS, MIN_SECONDS, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping


class RateLimitSerializer(StrictSerializer):
    """At most `max` jobs begin in any `duration`."""

    max = StrictIntegerField(min_value=1, max_value=MAX_COUNT, help_text="Jobs that begin.")
    duration = StrictIntegerField(
        min_value=round(MIN_SECONDS * MS), max_value=MAX_SECONDS * MS, help_text="Milliseconds."
    )


@extend_schema_field(RateLimitSerializer)
class RateField(JsonField):
    """`{"max": 300, "duration": 60000}`, or null for none; the value is a Rate, or None."""

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


def rate_limit(count: int | None, seconds: float | None) -> Mapping[str, int] | None:
    """Return a rate as the answers have it; None for none."""
    if count is None or seconds is None:
        return None
    return {"max": count, "duration": round(seconds * MS)}
