from __future__ import annotations

from rest_framework import serializers

from queues.api.facts import Facts


class FailureGroupSerializer(Facts):
    """Attempts of one kind that failed with the same class of error, from the same place."""

    fingerprint = serializers.CharField()
    kind = serializers.CharField()
    errorClass = serializers.CharField(source="error_class")
    place = serializers.CharField(help_text="Module and function that it comes from.")
    message = serializers.CharField(help_text="Of the last one.")
    count = serializers.IntegerField()
    failedNow = serializers.IntegerField(source="failed_now", help_text="Its jobs that are failed.")
    firstSeen = serializers.DateTimeField(source="first_seen")
    lastSeen = serializers.DateTimeField(source="last_seen")
    firstVersion = serializers.CharField(source="first_version")
    lastVersion = serializers.CharField(source="last_version")
