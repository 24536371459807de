"""What clients say to make jobs, and to change them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import (
    JsonField,
    ObjectField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)
from queues.api.kinds import KindField, sample_payload
from queues.api.options import OptionsField, options_without
from queues.api.scopes import owner_of, shown_payload
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.units import MS
from queues.conf import MAX_BULK, MAX_DELAY_SECONDS, MAX_PRIORITY


class NewJobSerializer(StrictSerializer):
    """A job that is wanted."""

    kind = KindField(help_text="What the job does.")
    payload = ObjectField(
        default=dict,
        initial=sample_payload,
        help_text="What it is told: the fields of its kind. A job is its owner's.",
    )
    options = OptionsField()

    def get_initial(self) -> Any:
        """Return what a form begins with: a job of whoever looks at it."""
        said = super().get_initial()
        if not hasattr(self, "initial_data") and "request" in self.context:
            said["payload"] = sample_payload(owner_of(self.context["request"]))
        return said


BulkOptionsSerializer: Final = options_without("deduplication", called="BulkOptionsSerializer")


class NewBulkJobSerializer(NewJobSerializer):
    """One of many jobs that are wanted."""

    options = OptionsField(of=BulkOptionsSerializer)


@extend_schema_field(NewBulkJobSerializer(many=True))
class NewJobsField(JsonField):
    """A list of jobs; the value is the list, whose items are still to be read."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_BULK:
            many = f"{len(value)} jobs" if isinstance(value, list) else "Not a list"
            raise serializers.ValidationError(f"{many}; allowed: a list of 1 to {MAX_BULK} jobs.")
        return value


class NewJobsSerializer(StrictSerializer):
    """Jobs that are wanted, all or none of them."""

    jobs = NewJobsField(
        help_text=f"1 to {MAX_BULK} objects with kind, payload and options. All are made or none."
    )

    def get_initial(self) -> Any:
        """Return what a form begins with: one job of whoever looks at it."""
        said = super().get_initial()
        if not hasattr(self, "initial_data"):
            said["jobs"] = [NewBulkJobSerializer(context=self.context).data]
        return said


class RetrySerializer(ReasonSerializer):
    """How a job is tried again."""

    resetAttempts = StrictBooleanField(
        default=True, help_text="With all its attempts again; else with one more."
    )


class JobChangesSerializer(ReasonSerializer):
    """What shall be different about a job that has not begun. At least one thing must be."""

    priority = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_PRIORITY, help_text="0 goes first, then 1, 2, …"
    )
    delay = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MAX_DELAY_SECONDS * MS,
        help_text="Of a delayed job: milliseconds from now, rounded up to whole seconds.",
    )
    # DRF takes the fields out of the class, so this one does not hide Serializer.data.
    data = ObjectField(  # type: ignore[assignment]
        required=False, help_text="The whole new payload."
    )

    def get_initial(self) -> Any:
        """Return what a form begins with: what may be changed of the job, as it is."""
        job = getattr(self.context.get("view"), "job", None)
        if job is None or hasattr(self, "initial_data"):
            return super().get_initial()
        return {
            "priority": job.priority,
            "data": shown_payload(self.context["request"], job),
            "reason": "",
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to change nothing."""
        if not {"priority", "delay", "data"} & set(attrs):
            raise serializers.ValidationError("Nothing to change; allowed: priority, delay, data.")
        return attrs
