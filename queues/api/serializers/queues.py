from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import StrictBooleanField, StrictIntegerField
from queues.api.serializers.rates import RateField
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.serializers.stats import StateCountsSerializer
from queues.api.shown_options import shown_keep
from queues.api.units import MS
from queues.conf import MAX_SLOTS, get_queues
from queues.queue_control import MAX_CAP

if TYPE_CHECKING:
    from queues.keep import Keep

KEEP: Final = {"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "object"}]}


@extend_schema_field(KEEP)
class KeptField(serializers.Field[Any, Any, Any, Any]):
    """How many finished jobs stay: a count, false for all, or `count` and `age` in seconds."""

    def to_representation(self, value: Keep) -> Any:
        """Return it as a client may send it."""
        return shown_keep(value)


class MillisecondsField(serializers.IntegerField):
    """Seconds of the engine's, as clients read them."""

    def to_representation(self, value: float) -> int:
        """Return the milliseconds."""
        return round(value * MS)


class JsonNameField(serializers.CharField):
    """The name in JSON of what has the `name` of a queue."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="name", **kwargs)

    def to_representation(self, value: str) -> str:
        """Return the name in JSON."""
        return get_queues()[value].json_name


class BackoffSerializer(Facts):
    """How long a failed job waits: milliseconds, doubled each time if it is exponential."""

    type = serializers.CharField()
    delay = serializers.IntegerField()
    jitter = serializers.FloatField()
    cap = serializers.IntegerField()


class DefaultsSerializer(Facts):
    """What the settings say of a queue and its jobs."""

    attempts = serializers.IntegerField()
    backoff = BackoffSerializer()
    timeout = MillisecondsField(help_text="Milliseconds that an attempt may run.")
    removeOnComplete = KeptField(source="keep_completed")
    removeOnFail = KeptField(source="keep_failed")
    slots = serializers.IntegerField(help_text="Jobs that one worker runs side by side.")

    def to_representation(self, instance: str) -> dict[str, Any]:
        """Return what is said of the queue of that name."""
        return super().to_representation(get_queues()[instance])


class QueueSerializer(Facts):
    """A queue, what was set for it, and what happens in it."""

    name = serializers.CharField()
    jsonName = JsonNameField()
    counts = StateCountsSerializer()
    isPaused = serializers.SerializerMethodField("is_paused")
    pausedAt = serializers.DateTimeField(source="control.paused_at", allow_null=True)
    concurrency = serializers.IntegerField(
        source="control.cap",
        allow_null=True,
        help_text="Running jobs at most, over all workers; null for no such cap.",
    )
    slots = serializers.IntegerField(
        source="control.slots",
        allow_null=True,
        help_text="Jobs that one worker runs side by side; null for what it began with.",
    )
    rateLimit = RateField(source="control")
    isFair = serializers.BooleanField(
        source="control.is_fair", help_text="Whether limit keys take turns."
    )
    workers = serializers.IntegerField(help_text="Live ones that serve it.")
    workerSlots = serializers.IntegerField(source="slots", help_text="Of those workers in all.")
    oldestSeconds = serializers.FloatField(
        source="oldest",
        allow_null=True,
        help_text="How long the longest due job has waited; null if none waits.",
    )
    completedPerMinute = serializers.FloatField(
        source="completed_per_minute", help_text="Over the last five minutes."
    )
    failedPerMinute = serializers.FloatField(
        source="failed_per_minute", help_text="Over the last five minutes."
    )
    defaults = DefaultsSerializer(source="name")

    def is_paused(self, instance: Any) -> bool:
        """Whether no job of it begins."""
        return bool(instance.control.paused_at)


class QueueChangeSerializer(ReasonSerializer):
    """What is set for a queue; what is left out stays as it is."""

    concurrency = StrictIntegerField(
        required=False,
        allow_null=True,
        source="cap",
        min_value=1,
        max_value=MAX_CAP,
        help_text="Running jobs at most, over all workers; null for no such cap.",
    )
    slots = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_SLOTS,
        help_text="Jobs that one worker runs side by side; null for what it began with.",
    )
    rateLimit = RateField(
        required=False,
        source="rate",
        help_text="Jobs that begin in a time at most, over all workers; null for no such limit.",
    )
    isFair = StrictBooleanField(
        required=False, source="fair", help_text="Whether limit keys take turns."
    )


class DrainSerializer(ReasonSerializer):
    """What is deleted of a queue."""

    delayed = StrictBooleanField(default=False, help_text="Delayed jobs too.")
    dryRun = StrictBooleanField(
        default=False, help_text="Count what would be deleted, and delete nothing."
    )


class DrainedSerializer(Facts):
    """How many jobs were deleted, or would be."""

    removed = serializers.IntegerField()
    dryRun = serializers.BooleanField()
