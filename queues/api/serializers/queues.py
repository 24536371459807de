from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import StrictBooleanField, StrictIntegerField
from queues.api.serializers.rates import RateField, RateLimitSerializer, rate_limit
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.serializers.stats import StateCountsSerializer, by_name
from queues.api.units import MS
from queues.conf import MAX_SLOTS, get_queues
from queues.keep import ALL
from queues.queue_control import MAX_CAP

if TYPE_CHECKING:
    from queues.conf import QueueConf
    from queues.keep import Keep
    from queues.overview import Overview

KEEP: Final = {"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "object"}]}


@extend_schema_field(KEEP)
class KeptField(serializers.Field[Any, Any, Any, Any]):
    """How many finished jobs stay: a count, false for all, or `count` and `age` in seconds."""

    def to_representation(self, value: Keep) -> Any:
        """Return it as a client may send it."""
        if value.age is not None:
            return {"count": value.count, "age": value.age}
        return False if value.count == ALL else value.count


class BackoffSerializer(serializers.Serializer[Any]):
    """How long a failed job waits: milliseconds, doubled each time if it is exponential."""

    type = serializers.CharField(read_only=True)
    delay = serializers.IntegerField(read_only=True)
    jitter = serializers.FloatField(read_only=True)
    cap = serializers.IntegerField(read_only=True)


class DefaultsSerializer(serializers.Serializer[Any]):
    """What the settings say of a queue and its jobs."""

    attempts = serializers.IntegerField(read_only=True)
    backoff = BackoffSerializer(read_only=True)
    timeout = serializers.IntegerField(
        read_only=True, help_text="Milliseconds that an attempt may run."
    )
    removeOnComplete = KeptField(read_only=True)
    removeOnFail = KeptField(read_only=True)
    slots = serializers.IntegerField(
        read_only=True, help_text="Jobs that one worker runs side by side."
    )


class QueueSerializer(serializers.Serializer[Any]):
    """A queue, what was set for it, and what happens in it."""

    name = serializers.CharField(read_only=True)
    jsonName = serializers.CharField(read_only=True)
    counts = StateCountsSerializer(read_only=True)
    isPaused = serializers.BooleanField(read_only=True)
    pausedAt = serializers.DateTimeField(read_only=True, allow_null=True)
    concurrency = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="Running jobs at most, over all workers; null for no such cap.",
    )
    slots = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="Jobs that one worker runs side by side; null for what it began with.",
    )
    rateLimit = RateLimitSerializer(read_only=True, allow_null=True)
    isFair = serializers.BooleanField(read_only=True, help_text="Whether limit keys take turns.")
    workers = serializers.IntegerField(read_only=True, help_text="Live ones that serve it.")
    workerSlots = serializers.IntegerField(read_only=True, help_text="Of those workers in all.")
    oldestSeconds = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="How long the longest due job has waited; null if none waits.",
    )
    completedPerMinute = serializers.FloatField(
        read_only=True, help_text="Over the last five minutes."
    )
    failedPerMinute = serializers.FloatField(
        read_only=True, help_text="Over the last five minutes."
    )
    defaults = DefaultsSerializer(read_only=True)

    def to_representation(self, instance: Overview) -> dict[str, Any]:
        """Return a queue as the answers have it."""
        conf, control = get_queues()[instance.name], instance.control
        return super().to_representation(
            {
                "name": conf.name,
                "jsonName": conf.json_name,
                "counts": by_name(instance.counts),
                "isPaused": control.paused_at is not None,
                "pausedAt": control.paused_at,
                "concurrency": control.cap,
                "slots": control.slots,
                "rateLimit": rate_limit(control.rate, control.per_seconds),
                "isFair": control.is_fair,
                "workers": instance.workers,
                "workerSlots": instance.slots,
                "oldestSeconds": instance.oldest,
                "completedPerMinute": instance.completed_per_minute,
                "failedPerMinute": instance.failed_per_minute,
                "defaults": _defaults(conf),
            }
        )


def _defaults(conf: QueueConf) -> dict[str, Any]:
    return {
        "attempts": conf.attempts,
        "backoff": conf.backoff,
        "timeout": conf.timeout * MS,
        "removeOnComplete": conf.keep_completed,
        "removeOnFail": conf.keep_failed,
        "slots": conf.slots,
    }


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


class DrainedSerializer(serializers.Serializer[Any]):
    """How many jobs were deleted, or would be."""

    removed = serializers.IntegerField(read_only=True)
    dryRun = serializers.BooleanField(read_only=True)
