from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from queues.api.facts import Facts
from queues.arguments import camel
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_name(state: str) -> str:
    """Return a state as the answers call it: `waiting-children` is `waitingChildren`."""
    return camel(state.replace("-", "_"))


def by_name(counts: Mapping[Any, int]) -> dict[str, int]:
    """Return counts of jobs by state under the names that the answers have for states."""
    return {state_name(state): number for state, number in counts.items()}


class ByStateField(serializers.DictField):
    """How many jobs are in some of the states."""

    child = serializers.IntegerField()

    def to_representation(self, value: Mapping[Any, int]) -> dict[str, int]:
        """Return the counts by the states' names."""
        return by_name(value)


class StateCountsSerializer(Facts):
    """How many jobs are in each state."""

    def to_representation(self, instance: Mapping[State, int]) -> dict[str, Any]:
        """Return the counts by the states' names."""
        return super().to_representation(by_name(instance))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each state that there is."""
        return {state_name(state): serializers.IntegerField(read_only=True) for state in State}


class QueueStatsSerializer(StateCountsSerializer):
    """How many jobs of a queue are in each state, and whether it is paused."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the states' fields and one more."""
        return {**super().get_fields(), "paused": serializers.BooleanField(read_only=True)}


class StatsSerializer(Facts):
    """All queues at one glance."""

    queues = serializers.DictField(
        child=QueueStatsSerializer(), help_text="By their names in JSON."
    )
    isConnected = serializers.BooleanField(help_text="Whether Redis answers.")
    timestamp = serializers.DateTimeField()
