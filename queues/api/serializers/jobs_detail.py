"""A job with what happened to it and what it waits for."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.scopes import sees_all
from queues.api.serializers.jobs import FullJobSerializer
from queues.batch_jobs import count
from queues.explain import explain, explain_to_owner
from queues.models import Dependency, Job

ATTEMPTS: Final = 50
LINES: Final = 500
VERBS: Final = ("retry", "cancel", "promote")


class AttemptSerializer(Facts):
    """An attempt that did not complete its job."""

    number = serializers.IntegerField()
    outcome = serializers.CharField()
    worker = serializers.CharField(source="worker_name", help_text="Empty unless you operate.")
    startedAt = serializers.DateTimeField(source="started_at")
    finishedAt = serializers.DateTimeField(source="finished_at")
    errorClass = serializers.CharField(source="error_class")
    errorMessage = serializers.CharField(source="error_message")
    traceback = serializers.CharField(help_text="Empty unless you operate.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return an attempt; where it ran is for those who may see everybody's jobs."""
        shown = super().to_representation(instance)
        return shown if self.context["sees_all"] else {**shown, "worker": "", "traceback": ""}


class LogLineSerializer(Facts):
    """A line that a handler wrote."""

    at = serializers.DateTimeField()
    text = serializers.CharField()


class ChildrenSerializer(Facts):
    """How many jobs a job waits for, and how they are. Removed ones count as cancelled."""

    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class JobDetailSerializer(FullJobSerializer):
    """A job with all that is known of it."""

    explanation = serializers.SerializerMethodField(help_text="Why it does not run, in a sentence.")
    attempts = serializers.SerializerMethodField(help_text=f"The newest {ATTEMPTS}, newest first.")
    log = serializers.SerializerMethodField(help_text=f"The newest {LINES} lines, oldest first.")
    children = serializers.SerializerMethodField(help_text="Of a flow: the jobs it waits for.")
    parents = serializers.SerializerMethodField(help_text="Of a flow: how many jobs wait for it.")
    links = serializers.SerializerMethodField(help_text="What can be done to it: POST there.")

    def get_explanation(self, job: Job) -> str:
        return explain(job) if sees_all(self.context["request"]) else explain_to_owner(job)

    @extend_schema_field(AttemptSerializer(many=True))
    def get_attempts(self, job: Job) -> Any:
        context = {"sees_all": sees_all(self.context["request"])}
        newest = job.attempts.order_by("-id")[:ATTEMPTS]
        return AttemptSerializer(newest, many=True, context=context).data

    @extend_schema_field(LogLineSerializer(many=True))
    def get_log(self, job: Job) -> Any:
        newest = [*job.log_lines.order_by("-id")[:LINES]]
        return LogLineSerializer(newest[::-1], many=True).data

    @extend_schema_field(ChildrenSerializer(allow_null=True))
    def get_children(self, job: Job) -> Any:
        progress = count(job.pk)
        return ChildrenSerializer(progress).data if progress.total else None

    def get_parents(self, job: Job) -> int:
        return Dependency.objects.filter(child_id=job.pk).count() if job.is_child else 0

    def get_links(self, job: Job) -> dict[str, str]:
        request = self.context["request"]
        return {
            verb: request.build_absolute_uri(reverse(f"job-{verb}", kwargs={"id": job.pk}))
            for verb in VERBS
        }
