from __future__ import annotations

from typing import Any

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import FlagField, StrictSerializer


class NotificationSerializer(Facts):
    """Something that the caller was told."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    message = serializers.CharField()
    jobId = serializers.IntegerField(source="job_id", help_text="The job that told it.")
    createdAt = serializers.DateTimeField(source="created_at")
    readAt = serializers.DateTimeField(
        source="read_at", allow_null=True, help_text="When it was first read; null until then."
    )


class ClearedSerializer(Facts):
    """What was deleted."""

    deleted = serializers.IntegerField(help_text="How many notifications that were.")


class NothingSerializer(StrictSerializer):
    """A body without fields, or none at all."""


class ClearSerializer(StrictSerializer):
    """Which notifications are deleted. One of the two must be given."""

    read = FlagField(required=False, help_text="`true`: those that you have read.")
    all = FlagField(required=False, help_text="`true`: all of them.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to guess what is meant."""
        if [*attrs.values()] != [True]:
            raise serializers.ValidationError("Say which; allowed: read=true, or all=true.")
        return attrs


class NotificationFilterSerializer(StrictSerializer):
    """Which notifications a list has."""

    unread = FlagField(required=False, help_text="Only those (not) read yet.")
