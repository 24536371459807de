"""Schedules as clients write and read them: times in milliseconds, options in BullMQ's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.facts import Facts
from queues.api.fields import (
    FlagField,
    ObjectField,
    QueueField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
)
from queues.api.kinds import KindField, sample_payload
from queues.api.schedule_fields import NameField, ScheduleOptionsField, WholeSecondsField
from queues.api.serializers.reasons import ReasonSerializer
from queues.cron import MAX_EVERY_SECONDS, Mark, parse_zone
from queues.cron_fields import CronError
from queues.models import Misfire, Overlap
from queues.planning import MAX_JITTER_SECONDS, MAX_LIMIT, ScheduleError
from queues.schedules import next_runs

if TYPE_CHECKING:
    from datetime import datetime

    from queues.models import Schedule

RUNS: Final = 10
MOST_RUNS: Final = 100


class ChangesSerializer(ReasonSerializer):
    """What a schedule is told. What is left out is as it is, or as its kind and queue have it."""

    kind = KindField(help_text="What its jobs do.")
    payload = ObjectField(
        required=False, initial=sample_payload, help_text="What its jobs are told, by their kind."
    )
    options = ScheduleOptionsField(
        help_text="Of each job: priority, attempts, backoff, timeout, … in milliseconds."
    )
    cron = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=200,
        initial="0 * * * *",
        help_text="Five fields, or six with seconds first. There is this or every.",
    )
    every = WholeSecondsField(
        source="every_seconds",
        least=1,
        most=MAX_EVERY_SECONDS,
        required=False,
        allow_null=True,
        help_text="Milliseconds instead of cron, a multiple of 1000.",
    )
    timeZone = StrictCharField(
        source="time_zone",
        required=False,
        max_length=64,
        initial="UTC",
        help_text="In which cron is read, such as Europe/Berlin.",
    )
    overlap = StrictChoiceField(
        choices=Overlap.choices,
        required=False,
        initial=Overlap.SKIP.value,
        help_text="What a tick does while an earlier job is not finished.",
    )
    misfire = StrictChoiceField(
        choices=Misfire.choices,
        required=False,
        initial=Misfire.RUN_ONCE.value,
        help_text="What becomes of ticks that nobody was there to make.",
    )
    startsAt = StrictDateTimeField(
        source="starts_at", required=False, allow_null=True, help_text="No tick is earlier."
    )
    endsAt = StrictDateTimeField(
        source="ends_at", required=False, allow_null=True, help_text="No tick is later."
    )
    limit = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_LIMIT,
        help_text="How many jobs it makes in all.",
    )
    jitter = WholeSecondsField(
        source="jitter_seconds",
        least=0,
        most=MAX_JITTER_SECONDS,
        required=False,
        initial=0,
        help_text="Milliseconds that each job is delayed by at most, at random; whole seconds.",
    )
    isEnabled = StrictBooleanField(
        source="is_enabled", required=False, initial=True, help_text="Whether it ticks."
    )


class NamedSerializer(StrictSerializer):
    """A base, so that the name comes first."""

    name = NameField(initial="example", help_text="By which it is known from then on.")


class NewScheduleSerializer(NamedSerializer, ChangesSerializer):
    """A schedule to be."""


class ScheduleSerializer(Facts, NewScheduleSerializer):
    """A schedule, and what has become of it."""

    # So DRF takes a field away that a base has: it is of a change, and in the audit.
    reason = None  # type: ignore[assignment]

    nextAt = serializers.DateTimeField(
        source="next_at",
        allow_null=True,
        help_text="Null while it is disabled, and after the last.",
    )
    lastAt = serializers.DateTimeField(
        source="last_at", allow_null=True, help_text="The last tick that was due."
    )
    lastJobId = serializers.IntegerField(source="last_job_id", allow_null=True)
    ticks = serializers.IntegerField(help_text="Those that made a job.")
    skipped = serializers.IntegerField(help_text="Those that made none.")
    lastError = serializers.CharField(
        source="last_error", help_text="Why no job can be made; empty if it can."
    )
    createdAt = serializers.DateTimeField(source="created_at", read_only=True)
    updatedAt = serializers.DateTimeField(source="updated_at", read_only=True)


class RunSerializer(Facts):
    """A run to come."""

    at = serializers.DateTimeField()
    local = serializers.DateTimeField(help_text="The same, as clocks of its zone show it.")
    mark = serializers.ChoiceField(
        choices=[Mark.MOVED.value, Mark.REPEATED.value],
        allow_null=True,
        help_text="moved: clocks skip its time. repeated: they show it twice; this is the first.",
    )


class ScheduleDetailSerializer(ScheduleSerializer):
    """A schedule, what has become of it, and when it runs next."""

    nextRuns = serializers.SerializerMethodField(help_text="Those to come, by clocks of its zone.")

    @extend_schema_field(RunSerializer(many=True))
    def get_nextRuns(self, schedule: Schedule) -> list[dict[str, Any]]:  # noqa: N802  (DRF's name)
        """Return as many runs as the context's `runs`; none of a schedule that cannot be read."""
        try:
            runs = next_runs(schedule, self.context.get("runs", RUNS))
            zone = parse_zone(schedule.time_zone)
        except (ScheduleError, CronError):
            return []
        return [
            {
                "at": _written(run.at),
                "local": run.at.astimezone(zone).isoformat(),
                "mark": run.mark or None,
            }
            for run in runs
        ]


class ScheduleFilterSerializer(StrictSerializer):
    """Which schedules a list has."""

    kind = StrictCharField(required=False, help_text="Those of a kind.")
    queue = QueueField(required=False, help_text="Those whose jobs go to a queue.")
    isEnabled = FlagField(required=False, help_text="Those that tick, or those that do not.")


class RunsSerializer(StrictSerializer):
    """How many runs are shown."""

    runs = StrictIntegerField(
        required=False,
        default=RUNS,
        min_value=1,
        max_value=MOST_RUNS,
        help_text="How many runs to come are shown.",
    )


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
