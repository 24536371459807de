from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import StrictCharField, StrictIntegerField
from queues.api.serializers.rates import RateField
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.units import MS
from queues.control import ControlError
from queues.limits import MAX_CLOSED_SECONDS, MAX_KEY, check_key, check_one
from queues.rate import MAX_COUNT

if TYPE_CHECKING:
    from collections.abc import Callable

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

    duration = StrictIntegerField(
        initial=60_000,
        min_value=1,
        max_value=MAX_CLOSED_SECONDS * MS,
        help_text="For how long from now, in milliseconds.",
    )


class OrNullField(serializers.CharField):
    """Text; where the engine has none, null."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: str) -> Any:
        """Return the text, or None."""
        return value or None


class LimitSerializer(Facts):
    """A limit that was set."""

    key = serializers.CharField()
    concurrency = serializers.IntegerField(allow_null=True)
    rateLimit = RateField(source="*")
    updatedAt = serializers.DateTimeField(source="updated_at")


class KeyInUseSerializer(Facts):
    """A key that jobs run with or wait with, or that is closed."""

    key = serializers.CharField()
    limit = OrNullField(help_text="The key of the limit that counts for it.")
    running = serializers.IntegerField()
    holders = serializers.ListField(
        child=serializers.CharField(), help_text="Ten of its running jobs."
    )
    waiting = serializers.IntegerField(help_text="Counted to 1000.")
    opensAt = serializers.DateTimeField(
        source="opens_at",
        allow_null=True,
        help_text="When its jobs may begin again, if it is closed.",
    )


class LimitsSerializer(Facts):
    """The limits, and the keys that they are about just now."""

    limits = LimitSerializer(many=True)
    keysInUse = KeyInUseSerializer(
        many=True, help_text="A hundred at most, those with running jobs first."
    )


class KeySerializer(Facts):
    """A key, and until when it is closed."""

    key = serializers.CharField()
    opensAt = serializers.DateTimeField(
        source="closed_until", allow_null=True, help_text="Null if it is open."
    )
