from __future__ import annotations

from typing import Any

from rest_framework import serializers

from queues.api.facts import Facts


class WorkerSerializer(Facts):
    """A worker, and what it runs."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField()
    isLive = serializers.BooleanField(source="is_live", help_text="Whether its lease still runs.")
    queues = serializers.ListField(child=serializers.CharField())
    slots = serializers.DictField(
        child=serializers.IntegerField(), help_text="Jobs that it runs side by side, by queue."
    )
    running = serializers.SerializerMethodField(help_text="Jobs that it runs now, by queue.")
    kinds = serializers.ListField(child=serializers.CharField())
    startedAt = serializers.DateTimeField(source="started_at")
    beatAt = serializers.DateTimeField(source="beat_at")
    expiresAt = serializers.DateTimeField(source="expires_at")

    def get_running(self, worker: Any) -> dict[str, int]:
        """Return what the context's `running` says of a worker."""
        found: dict[str, int] = self.context.get("running", {}).get(worker.pk, {})
        return found
