from __future__ import annotations

from typing import Any

from rest_framework import serializers

from queues.models import Worker


class WorkerSerializer(serializers.ModelSerializer[Worker]):
    """A worker, and what it runs."""

    id = serializers.IntegerField(read_only=True)
    queues = serializers.ListField(child=serializers.CharField(), read_only=True)
    slots = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Jobs that it runs side by side, by queue.",
    )
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)
    running = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        default=dict,
        help_text="Jobs that it runs now, by queue.",
    )
    isAlive = serializers.BooleanField(
        read_only=True, source="is_alive", help_text="Whether its lease still runs."
    )
    startedAt = serializers.DateTimeField(read_only=True, source="started_at")
    beatAt = serializers.DateTimeField(read_only=True, source="beat_at")
    expiresAt = serializers.DateTimeField(read_only=True, source="expires_at")

    class Meta:
        model = Worker
        fields = (
            "id", "name", "host", "pid", "version", "isAlive", "queues", "slots", "running",
            "kinds", "startedAt", "beatAt", "expiresAt",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Worker) -> dict[str, Any]:
        """Return a worker; of its running jobs what the context's `running` says."""
        running = self.context.get("running", {}).get(instance.pk, {})
        return {**super().to_representation(instance), "running": running}
