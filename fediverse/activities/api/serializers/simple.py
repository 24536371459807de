from __future__ import annotations

from typing import Final

from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import ObjectField, StrictCharField, StrictIntegerField, StrictSerializer

MAX_DELAY_MS: Final = 7 * 24 * 3600 * 1000
MAX_DATA: Final = 1000
MAX_BODY_BYTES: Final = 1024


class SimpleTestSerializer(StrictSerializer):
    """What the open test endpoint takes, in a body of at most 1 KiB."""

    # DRF takes the fields out of the class, so this one does not hide Serializer.data.
    data = StrictCharField(  # type: ignore[assignment]
        default="Test job",
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_DATA,
        help_text="A message that the job hands back. The whole body may have 1 KiB, so it is "
        "shorter than 1,000 characters where they take several bytes each.",
    )
    delay = StrictIntegerField(
        default=0,
        min_value=0,
        max_value=MAX_DELAY_MS,
        help_text="Milliseconds until the job may start.",
    )


class SimpleTestAnswerSerializer(Facts):
    """The job that was added, in the form that clients of the old service know."""

    success = serializers.BooleanField(default=True)
    message = serializers.CharField()
    jobId = serializers.CharField(help_text="The job's number, as text.")
    jobName = serializers.CharField()
    data = ObjectField(help_text="What the job is told.")  # type: ignore[assignment]  # as above
    delay = serializers.IntegerField(help_text="Milliseconds.")
