from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from queues.arguments import camel
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_name(state: str) -> str:
    """Return a state as the answers call it: `waiting-children` is `waitingChildren`."""
    return camel(state.replace("-", "_"))


def by_name(counts: Mapping[State, int]) -> dict[str, int]:
    """Return counts of jobs by state under the names that the answers have for states."""
    return {state_name(state): number for state, number in counts.items()}


class StateCountsSerializer(serializers.Serializer[Any]):
    """How many jobs are in each state."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return a field for each state that there is."""
        return {state_name(state): serializers.IntegerField(read_only=True) for state in State}


class QueueStatsSerializer(StateCountsSerializer):
    """How many jobs of a queue are in each state, and whether it is paused."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the states' fields and one more."""
        return {**super().get_fields(), "paused": serializers.BooleanField(read_only=True)}


class StatsSerializer(serializers.Serializer[Any]):
    """All queues at one glance."""

    queues = serializers.DictField(
        child=QueueStatsSerializer(), read_only=True, help_text="By their names in JSON."
    )
    isConnected = serializers.BooleanField(read_only=True, help_text="Whether Redis answers.")
    timestamp = serializers.DateTimeField(read_only=True)
