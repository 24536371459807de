from __future__ import annotations

from rest_framework import serializers

from queues.models import FailureGroup


class FailureGroupSerializer(serializers.ModelSerializer[FailureGroup]):
    """Attempts of one kind that failed with the same class of error, from the same place."""

    errorClass = serializers.CharField(read_only=True, source="error_class")
    failedNow = serializers.IntegerField(
        read_only=True, source="failed_now", help_text="Its jobs that are failed."
    )
    firstSeen = serializers.DateTimeField(read_only=True, source="first_seen")
    lastSeen = serializers.DateTimeField(read_only=True, source="last_seen")
    firstVersion = serializers.CharField(read_only=True, source="first_version")
    lastVersion = serializers.CharField(read_only=True, source="last_version")

    class Meta:
        model = FailureGroup
        fields = (
            "fingerprint", "kind", "errorClass", "place", "message", "count", "failedNow",
            "firstSeen", "lastSeen", "firstVersion", "lastVersion",
        )  # fmt: skip
        read_only_fields = fields
