"""The options of a job as clients send them: BullMQ's names, times in milliseconds."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import Any, Final, NamedTuple, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import (
    JsonField,
    ObjectField,
    QueueField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
)
from queues.api.units import MS
from queues.conf import MAX_ATTEMPTS, MAX_DELAY_SECONDS, MAX_PRIORITY, MAX_TIMEOUT_SECONDS
from queues.keep import KeepError, parse_keep
from queues.options import MAX_LIMIT_KEY, Options
from queues.retry import BackoffError, parse_backoff
from queues.unique import MAX_KEY, MAX_TTL_SECONDS, Mode, Unique, UniqueError


class Given(NamedTuple):
    """What a client said: the engine's options, and what more the job is told."""

    options: Options
    data: dict[str, Any]


class DeduplicationSerializer(StrictSerializer):
    """A key that one job of its kind may hold."""

    id = StrictCharField(max_length=MAX_KEY)
    ttl = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_TTL_SECONDS * MS, help_text="Milliseconds."
    )
    mode = StrictChoiceField(choices=[mode.value for mode in Mode], required=False)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "object"}]})
class BackoffField(JsonField):
    """Milliseconds, or `{"type": "exponential", "delay": 2000, "jitter": 0.5, "cap": 60000}`."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        try:
            if isinstance(value, bool):
                raise BackoffError(f"backoff is {value}; allowed: milliseconds, or an object.")
            return parse_backoff(value)
        except BackoffError as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field(
    {"oneOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0}, {"type": "object"}]}
)
class KeepField(JsonField):
    """True: gone at once. False: all stay. A count, or `{"count": 100, "age": 3600}` in seconds."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_keep(super().to_internal_value(data))
        except KeepError as error:
            raise serializers.ValidationError(str(error)) from error


class OptionsSerializer(StrictSerializer):
    """What is left out comes from the kind, and then from the queue."""

    delay = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_DELAY_SECONDS * MS,
        help_text="Milliseconds until the job may start.",
    )
    runAt = StrictDateTimeField(required=False, help_text="The moment instead of a delay.")
    priority = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_PRIORITY,
        help_text="0 goes first, then 1, 2, …",
    )
    attempts = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ATTEMPTS, help_text="Tries in all."
    )
    backoff = BackoffField(
        required=False, help_text="How long a failed job waits: milliseconds, or a policy."
    )
    timeout = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MAX_TIMEOUT_SECONDS * MS,
        help_text="Milliseconds that an attempt may run, rounded up to whole seconds.",
    )
    removeOnComplete = KeepField(required=False, help_text="How many completed jobs stay.")
    removeOnFail = KeepField(required=False, help_text="How many failed jobs stay.")
    lifo = StrictBooleanField(required=False, help_text="Before the whole queue.")
    limitKey = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=MAX_LIMIT_KEY,
        help_text="What limits and fair turns go by.",
    )
    queue = QueueField(required=False, help_text="Another queue than the kind's.")
    deduplication = DeduplicationSerializer(
        required=False, help_text="A key that one job of its kind may hold."
    )
    # DRF takes the fields out of the class, so this one does not hide Serializer.data.
    data = ObjectField(  # type: ignore[assignment]
        required=False, help_text="Adds to the payload, and may not contradict it."
    )


def options_without(*names: str, called: str) -> type[OptionsSerializer]:
    """Return a class of options without those of some names; it is `called` so in the document."""
    # So DRF takes a field away that the base has.
    taken_away = dict.fromkeys(names)
    return type(called, (OptionsSerializer,), {**taken_away, "__doc__": OptionsSerializer.__doc__})


class OptionsField(ObjectField):
    """Options by name, those `of` a class; the value is a Given."""

    def __init__(self, *, of: type[OptionsSerializer] = OptionsSerializer, **kwargs: Any) -> None:
        kwargs.setdefault("initial", dict)
        kwargs.setdefault("default", {})
        kwargs.setdefault("help_text", "Of the job, by name; times are milliseconds.")
        super().__init__(required=False, **kwargs)
        extend_schema_field(of)(self)  # type: ignore[type-var]  # a field of its own does too
        self._of = of
        # Thousands of jobs of one request have few different options.
        self._read: dict[str, Given] = {}

    @cached_property
    def _reader(self) -> OptionsSerializer:
        return self._of()

    def get_default(self) -> Any:
        return as_given(cast("dict[str, Any]", super().get_default()))

    def to_internal_value(self, data: Any) -> Any:
        options = super().to_internal_value(data)
        text = json.dumps(options)
        if text not in self._read:
            said = self._reader.run_validation(options)
            self._read[text] = as_given(said)
        return self._read[text]


# Of each of the engine's options, how clients call it.
CLIENT_NAMES: Final = {
    "delay": "delay",
    "run_at": "runAt",
    "priority": "priority",
    "attempts": "attempts",
    "backoff": "backoff",
    "timeout": "timeout",
    "keep_completed": "removeOnComplete",
    "keep_failed": "removeOnFail",
    "front": "lifo",
    "limit_key": "limitKey",
    "queue": "queue",
    "unique": "deduplication",
}


def as_given(said: dict[str, Any]) -> Given:
    """Return validated options as the engine takes them. Raises ValidationError."""
    options = Options()
    for ours, theirs in CLIENT_NAMES.items():
        if theirs in said:
            options[ours] = said[theirs]  # type: ignore[literal-required]  # a key of Options
    if "delay" in said:
        options["delay"] = said["delay"] / MS
    if "timeout" in said:
        options["timeout"] = math.ceil(said["timeout"] / MS)
    if "deduplication" in said:
        options["unique"] = _unique(**said["deduplication"])
    return Given(options=options, data=said.get("data", {}))


def _unique(id: str, ttl: int | None = None, mode: str | None = None) -> Unique:  # noqa: A002  (BullMQ's name)
    """Return the key; with a `ttl` alone it is throttled, as with BullMQ."""
    default = Mode.SIMPLE if ttl is None else Mode.THROTTLE
    try:
        return Unique(key=id, mode=mode or default, ttl=None if ttl is None else ttl / MS)
    except UniqueError as error:
        raise serializers.ValidationError({"deduplication": [str(error)]}) from error
