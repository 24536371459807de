from __future__ import annotations

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import QueueField, StrictCharField, StrictChoiceField, StrictSerializer
from queues.happenings import Word
from queues.states import State


class EventSerializer(Facts):
    """The same thing, which happened to `count` jobs of a queue."""

    id = serializers.CharField(help_text="Its place in the stream.")
    event = serializers.CharField(help_text="The state they went to, or another word.")
    queue = serializers.CharField()
    ids = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="The first 100 of them; empty for who may not see everybody's jobs.",
    )
    count = serializers.IntegerField(help_text="0 where it happened to the queue itself.")
    at = serializers.DateTimeField()


class EventsAnswerSerializer(Facts):
    """Some events, and the id to go on from."""

    success = serializers.BooleanField(default=True)
    # DRF takes the fields out of the class, so this one does not hide Serializer.data.
    data = EventSerializer(many=True)  # type: ignore[assignment]
    next = serializers.CharField(help_text="The `after` of the next request.")


class LookSerializer(StrictSerializer):
    """Which events are wanted."""

    after = StrictCharField(required=False, help_text="The id of an event: those after it.")
    queue = QueueField(required=False, help_text="Those of a queue.")
    event = StrictChoiceField(
        choices=[*(state.value for state in State), *(word.value for word in Word)],
        required=False,
        help_text="Those that say this.",
    )
