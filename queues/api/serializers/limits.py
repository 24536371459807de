from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rest_framework import serializers

from queues.api.fields import StrictCharField, StrictIntegerField
from queues.api.serializers.rates import RateField, RateLimitSerializer, rate_limit
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.units import MS
from queues.control import ControlError
from queues.limits import MAX_CLOSED_SECONDS, MAX_KEY, check_key, check_one
from queues.rate import MAX_COUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from queues.limits import KeyInUse
    from queues.models import Limit

EXAMPLE: Final = "example.org"


class KeyField(StrictCharField):
    """A key as jobs have it, without a change."""

    def __init__(self, check: Callable[[str], None], **kwargs: Any) -> None:
        kwargs.setdefault("initial", EXAMPLE)
        super().__init__(max_length=MAX_KEY, trim_whitespace=False, **kwargs)
        self._check = check

    def to_internal_value(self, data: Any) -> str:
        """Return the key. Raises ValidationError."""
        key = super().to_internal_value(data)
        try:
            self._check(key)
        except ControlError as error:
            raise serializers.ValidationError(str(error).removeprefix("key ")) from error
        return key


class LimitSetSerializer(ReasonSerializer):
    """What the jobs of a key may do; replaces what was set."""

    key = KeyField(
        check_key,
        help_text="A key, or with a * at its end each key that begins so, each by itself.",
    )
    concurrency = StrictIntegerField(
        required=False,
        allow_null=True,
        initial=10,
        min_value=1,
        max_value=MAX_COUNT,
        help_text="Running jobs at most, over all workers.",
    )
    rateLimit = RateField(
        required=False,
        help_text='Jobs that begin in a time at most: {"max": 300, "duration": 1000}.',
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what limits nothing."""
        if attrs.get("concurrency") is None and attrs.get("rateLimit") is None:
            message = "Missing, and so is rateLimit; allowed: one of them, or both."
            raise serializers.ValidationError({"concurrency": message}, code="required")
        return attrs


class LimitNamedSerializer(ReasonSerializer):
    """The key of a limit, with its * if it has one."""

    key = KeyField(check_key, help_text="As it was set.")


class KeyNamedSerializer(ReasonSerializer):
    """A key of jobs."""

    key = KeyField(check_one, help_text="One key, without a * at its end.")


class CloseSerializer(KeyNamedSerializer):
    """A key, and for how long none of its jobs begins."""

    ms = StrictIntegerField(
        initial=60_000,
        min_value=1,
        max_value=MAX_CLOSED_SECONDS * MS,
        help_text="Milliseconds from now.",
    )


class LimitSerializer(serializers.Serializer[Any]):
    """A limit that was set."""

    key = serializers.CharField(read_only=True)
    concurrency = serializers.IntegerField(read_only=True, allow_null=True)
    rateLimit = RateLimitSerializer(read_only=True, allow_null=True)
    updatedAt = serializers.DateTimeField(read_only=True)

    def to_representation(self, instance: Limit) -> dict[str, Any]:
        """Return a limit as the answers have it."""
        return super().to_representation(
            {
                "key": instance.key,
                "concurrency": instance.concurrency,
                "rateLimit": rate_limit(instance.rate, instance.per_seconds),
                "updatedAt": instance.updated_at,
            }
        )


class KeyInUseSerializer(serializers.Serializer[Any]):
    """A key that jobs run with or wait with, or that is closed."""

    key = serializers.CharField(read_only=True)
    limit = serializers.CharField(
        read_only=True, allow_null=True, help_text="The key of the limit that counts for it."
    )
    running = serializers.IntegerField(read_only=True)
    holders = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Ten of its running jobs."
    )
    waiting = serializers.IntegerField(read_only=True, help_text="Counted to 1000.")
    opensAt = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When its jobs may begin again, if it is closed."
    )

    def to_representation(self, instance: KeyInUse) -> dict[str, Any]:
        """Return a key as the answers have it."""
        return super().to_representation(
            {
                "key": instance.key,
                "limit": instance.limit or None,
                "running": instance.running,
                "holders": instance.holders,
                "waiting": instance.waiting,
                "opensAt": instance.opens_at,
            }
        )


class LimitsSerializer(serializers.Serializer[Any]):
    """The limits, and the keys that they are about just now."""

    limits = LimitSerializer(many=True, read_only=True)
    keysInUse = KeyInUseSerializer(
        many=True, read_only=True, help_text="A hundred at most, those with running jobs first."
    )


class KeySerializer(serializers.Serializer[Any]):
    """A key, and until when it is closed."""

    key = serializers.CharField(read_only=True)
    opensAt = serializers.DateTimeField(
        read_only=True, allow_null=True, source="closed_until", help_text="Null if it is open."
    )
