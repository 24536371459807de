"""Jobs as clients read them. The keys are those of `queues.cli.shapes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.scopes import sees_all, shown_payload
from queues.states import State
from queues.unique import Answer

if TYPE_CHECKING:
    from queues.models import Job


class JobSerializer(Facts):
    """A job as lists have it."""

    id = serializers.IntegerField()
    queue = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField(help_text="What people call it.")
    owner = serializers.CharField(help_text="The id of the user whose job it is, or empty.")
    state = serializers.ChoiceField(choices=[state.value for state in State])
    priority = serializers.IntegerField(help_text="0 goes first, then 1, 2, …")
    attempt = serializers.IntegerField(help_text="Tries so far.")
    maxAttempts = serializers.IntegerField(source="max_attempts")
    createdAt = serializers.DateTimeField(source="created_at")
    runAt = serializers.DateTimeField(source="run_at", help_text="When it is or was due.")
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    finishedAt = serializers.DateTimeField(source="finished_at", allow_null=True)
    errorClass = serializers.CharField(source="error_class", help_text="Of the last failure.")
    errorMessage = serializers.CharField(source="error_message")


class FullJobSerializer(JobSerializer):
    """A job with all of its own."""

    payload = serializers.SerializerMethodField(
        help_text="What the job is told. Private fields are masked unless the job is the caller's."
    )
    payloadVersion = serializers.IntegerField(source="payload_version")
    result = serializers.JSONField(allow_null=True, help_text="What its handler returned.")
    progress = serializers.JSONField(allow_null=True)
    cause = serializers.CharField(help_text="Why it failed; empty if it did not.")
    timeoutSeconds = serializers.IntegerField(source="timeout")
    backoff = serializers.JSONField(help_text="How long it waits before it is tried again.")
    crashes = serializers.IntegerField(help_text="Deaths in a row that were its own.")
    isFront = serializers.BooleanField(source="front", help_text="Goes before its whole queue.")
    limitKey = serializers.CharField(source="limit_key")
    uniqueKey = serializers.CharField(source="unique_key")
    scheduleId = serializers.IntegerField(source="schedule_id", allow_null=True)
    workerId = serializers.IntegerField(source="worker_id", allow_null=True)
    worker = serializers.SerializerMethodField(
        help_text="Who made its last attempt. Empty unless you operate."
    )
    codeVersion = serializers.CharField(source="code_version")
    fingerprint = serializers.CharField(help_text="What its failures are grouped by.")

    @extend_schema_field(serializers.CharField())
    def get_worker(self, job: Job) -> str:
        return job.worker_name if sees_all(self.context["request"]) else ""

    @extend_schema_field(serializers.JSONField())
    def get_payload(self, job: Job) -> Any:
        return shown_payload(self.context["request"], job)


class MadeJobSerializer(FullJobSerializer):
    """A job as it is when it was just made."""

    answer = serializers.ChoiceField(
        choices=[answer.value for answer in Answer],
        help_text="What became of it, by its deduplication: `exists` is an earlier job that holds "
        "the key, `replaced` one that took this one's place, `kept` one that this one follows.",
    )


class BriefJobSerializer(Facts):
    """A job for who may write, and not read."""

    id = serializers.IntegerField()
    state = serializers.CharField()


class BriefMadeJobSerializer(BriefJobSerializer):
    """The same of a job that was just made."""

    answer = serializers.CharField()


class MadeJobsSerializer(Facts):
    """Jobs that were just made."""

    count = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.IntegerField(), help_text="In their order.")
