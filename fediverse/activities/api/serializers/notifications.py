from __future__ import annotations

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


class NotificationFilterSerializer(StrictSerializer):
    """Which notifications a list has."""

    unread = FlagField(required=False, help_text="Only those (not) read yet.")
