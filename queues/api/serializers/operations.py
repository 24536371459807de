from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import StrictBooleanField, StrictChoiceField, StrictIntegerField
from queues.api.filter_bodies import FilterField, words_of
from queues.api.serializers.jobs import JobSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.serializers.stats import ByStateField
from queues.bulk_verbs import PRIORITY, VERBS
from queues.conf import MAX_PRIORITY
from queues.models import Operation

MAX_LIMIT: Final = 2**53 - 1


class ActionSerializer(ReasonSerializer):
    """A verb, and to which jobs it is done."""

    verb = StrictChoiceField(
        choices=[*VERBS], initial="retry", help_text="What is done to each of the jobs."
    )
    filter = FilterField(
        initial={"state": "failed"},
        help_text="Which jobs: the words of the list of jobs, all of which must fit."
        ' {"all": true} is for all jobs.',
    )
    value = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_PRIORITY,
        help_text="The new priority, for that verb alone.",
    )
    limit = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MAX_LIMIT,
        help_text="No more than so many jobs, the oldest first.",
    )
    dryRun = StrictBooleanField(
        default=False,
        initial=True,
        help_text="Say what would be done, and do nothing. False if it is left out.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a priority without a value, and another verb with one."""
        if attrs["verb"] == PRIORITY and "value" not in attrs:
            message = f"Missing; allowed: a priority, 0 to {MAX_PRIORITY}."
            raise serializers.ValidationError({"value": message}, code="required")
        if attrs["verb"] != PRIORITY and "value" in attrs:
            message = f"Given; allowed: with {PRIORITY} alone."
            raise serializers.ValidationError({"value": message})
        return attrs


class PreviewSerializer(Facts):
    """What a verb would be done to."""

    count = serializers.IntegerField(help_text="Jobs that the filter finds.")
    byState = ByStateField(source="by_state")
    passedOver = serializers.IntegerField(
        source="passed_over", help_text="Those of them in a state that the verb does not fit."
    )
    sample = JobSerializer(many=True)


class FilterWordsField(serializers.DictField):
    """The words of a filter by their names in JSON. Ages have become dates."""

    child = serializers.CharField()

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        """Return the words."""
        return words_of(value)


class OperationSerializer(Facts):
    """A verb that is being done, or was, to all jobs of a filter."""

    id = serializers.IntegerField()
    verb = serializers.CharField()
    filter = FilterWordsField()
    value = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=Operation.State.choices)
    mustStop = serializers.BooleanField(source="must_stop")
    total = serializers.IntegerField(help_text="Jobs that the filter found beforehand.")
    done = serializers.IntegerField()
    passedOver = serializers.IntegerField(
        source="passed_over", help_text="Jobs that the verb did not fit any more."
    )
    actor = serializers.CharField()
    door = serializers.CharField()
    reason = serializers.CharField()
    undoes = serializers.IntegerField(
        source="undoes_id", allow_null=True, help_text="The operation it puts back."
    )
    jobId = serializers.IntegerField(
        source="job_id", allow_null=True, help_text="The job that carries it out."
    )
    createdAt = serializers.DateTimeField(source="created_at")
    finishedAt = serializers.DateTimeField(source="finished_at", allow_null=True)
