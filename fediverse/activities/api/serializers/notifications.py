from __future__ import annotations

from rest_framework import serializers

from fediverse.activities.models import Notification


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """Something that the caller was told."""

    jobId = serializers.IntegerField(source="job_id", help_text="The job that told it.")
    createdAt = serializers.DateTimeField(source="created_at")
    readAt = serializers.DateTimeField(
        source="read_at", allow_null=True, help_text="When it was first read; null until then."
    )

    class Meta:
        model = Notification
        fields = ("id", "type", "message", "jobId", "createdAt", "readAt")
        read_only_fields = fields
