from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.fields import empty

from queues.api.facts import Facts
from queues.api.fields import (
    QueueField,
    StrictBooleanField,
    StrictChoiceField,
    StrictIntegerField,
    is_form,
)
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.units import MS
from queues.cleanup import DEFAULT_LIMIT, DEFAULT_STATES, STATES, Cleanup
from queues.keep import MAX_AGE
from queues.queue_control import MAX_CLEAN

if TYPE_CHECKING:
    from collections.abc import Mapping


class StatesField(serializers.MultipleChoiceField):
    """Some of the states in which jobs are finished; in a form, none chosen means left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[state.value for state in STATES], allow_empty=False, **kwargs)
        self._one = StrictChoiceField(choices=[state.value for state in STATES])

    def get_value(self, dictionary: Any) -> Any:
        """Return what was sent."""
        value = super().get_value(dictionary)
        return empty if value == [] and is_form(self) else value

    def to_internal_value(self, data: Any) -> Any:
        """Return states, each once, in the order of a job's life. Raises ValidationError."""
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if not data:
            self.fail("empty")
        chosen = {self._one.to_internal_value(item) for item in data}
        return [state for state in STATES if state.value in chosen]


class CleanupSerializer(ReasonSerializer):
    """Which finished jobs are deleted."""

    queue = QueueField(
        required=False,
        allow_blank=False,
        help_text="One queue, by its name or its name in JSON; without it, all of them.",
    )
    states = StatesField(
        required=False,
        initial=list(DEFAULT_STATES),
        help_text="Without it, completed and failed.",
    )
    graceMs = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_AGE * MS,
        help_text="How long ago they finished at least, in milliseconds, for all the states."
        " Without it 24 hours, and 7 days for failed jobs.",
    )
    limit = StrictIntegerField(
        default=DEFAULT_LIMIT,
        initial=DEFAULT_LIMIT,
        min_value=1,
        max_value=MAX_CLEAN,
        help_text="Jobs of each queue and state at most, the oldest first.",
    )
    dryRun = StrictBooleanField(
        default=False, help_text="Count what would be deleted, and delete nothing."
    )


class RemovedSerializer(Facts):
    """What a cleanup deleted, or would delete."""

    dryRun = serializers.BooleanField()
    removed = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="How many jobs, by queue and state.",
    )
    total = serializers.IntegerField()
    timestamp = serializers.DateTimeField()


def cleanup_of(said: Mapping[str, Any]) -> Cleanup:
    """Return what a validated body asks for."""
    grace = said.get("graceMs")
    return Cleanup(
        queue=said.get("queue"),
        states=tuple(said.get("states", DEFAULT_STATES)),
        grace=None if grace is None else grace / MS,
        limit=said["limit"],
    )
