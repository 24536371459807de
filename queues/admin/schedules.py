"""Schedules: when they tick next, and editing them through `queues.schedules` alone."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from queues import schedules
from queues.admin.acting import as_operator
from queues.admin.listing import CarefulList
from queues.cli.times import exact_span
from queues.cron import Mark, parse_zone
from queues.models import Schedule
from queues.planning import ScheduleError, arguments_of, plan
from queues.schedules import NoScheduleError
from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

# What the services call otherwise.
COLUMNS: Final = {"every": "every_seconds", "jitter": "jitter_seconds", "enabled": "is_enabled"}
SAME: Final = (
    "cron", "time_zone", "overlap", "misfire", "starts_at", "ends_at", "limit", "options",
)  # fmt: skip
WORDS: Final = {
    Mark.NONE: "",
    Mark.MOVED: "moved: the clocks skip its time",
    Mark.REPEATED: "the first of two: the clocks show this time again, without a run",
}


class DocumentField(forms.CharField):
    """A JSON document, by the rules of `queues.strict_json`; nothing is an empty object."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> str:
        """Show a stored document, or what was typed, as text."""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        """Return what the document says."""
        try:
            return loads((value or "{}").encode("utf-8", "surrogatepass"))
        except StrictJSONError as error:
            raise forms.ValidationError(str(error)) from error


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # Django 5.2 takes none
    """Says of each field what is wrong, by the rules of `queues.planning`."""

    payload = DocumentField(required=False)
    options = DocumentField(required=False)

    def clean(self) -> dict[str, Any]:
        """Plan the schedule, and keep what `upsert` is to be given."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            self.wanted = self._wanted(given)
            plan(**{name: value for name, value in self.wanted.items() if name != "enabled"})
        except ScheduleError as error:
            column, _, detail = error.field.partition(".")
            column = COLUMNS.get(column, column)
            words = f"{detail} {error.message}" if detail else error.message
            self.add_error(column if column in self.fields else None, words)
        return given

    def _wanted(self, given: dict[str, Any]) -> dict[str, Any]:
        return {
            # A schedule keeps its name.
            "name": self.instance.name if self.instance.pk else given["name"],
            "arguments": arguments_of(given["kind"], given["payload"]),
            **{name: given[name] for name in SAME},
            **{name: given[column] for name, column in COLUMNS.items()},
        }


@admin.register(Schedule)
class ScheduleAdmin(CarefulList, ModelAdmin):
    """Every schedule. What code upserts at a deploy is as the code says again after the next."""

    form = ScheduleForm
    list_display = (
        "name", "times", "next_at", "last_at", "ticks", "skipped", "is_enabled", "last_error",
    )  # fmt: skip
    list_filter = ("is_enabled", "overlap")
    search_fields = ("name", "kind")
    actions = ("enable_schedules", "disable_schedules", "run_schedules")
    fieldsets = (
        (None, {"fields": ("name", "kind", "payload", "options", "is_enabled")}),
        (
            "When",
            {
                "fields": (
                    "cron", "every_seconds", "time_zone", "starts_at", "ends_at", "limit",
                    "jitter_seconds", "overlap", "misfire",
                )
            },
        ),
        (
            "What becomes of it",
            {"fields": ("upcoming", "last_at", "last_job_id", "ticks", "skipped", "last_error")},
        ),
    )  # fmt: skip
    readonly_fields = ("upcoming", "last_at", "last_job_id", "ticks", "skipped", "last_error")

    def get_readonly_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        """A schedule keeps its name, by which code knows it."""
        return (*self.readonly_fields, "name") if obj else self.readonly_fields

    @admin.display(description="schedule")
    def times(self, schedule: Schedule) -> str:
        """When it ticks, in words."""
        if schedule.every_seconds is None:
            return f"{schedule.cron} in {schedule.time_zone}"
        return f"every {exact_span(schedule.every_seconds)}"

    @admin.display(description="next 10 runs")
    def upcoming(self, schedule: Schedule) -> SafeString | str:
        """Its next runs, as clocks of its zone show them, and what these do to it."""
        try:
            runs = schedules.next_runs(schedule)
            zone = parse_zone(schedule.time_zone)
        except ValueError as error:
            return str(error)
        rows = [
            (f"{run.at.astimezone(zone):%a %Y-%m-%d %H:%M:%S %Z}", WORDS[run.mark]) for run in runs
        ]
        return format_html_join("", "<div><code>{}</code> {}</div>", rows) or "none"

    def save_model(
        self, request: HttpRequest, obj: Schedule, form: ScheduleForm, change: bool
    ) -> None:
        """Upsert what the form says."""
        with as_operator(request):
            obj.pk = schedules.upsert(**form.wanted).pk

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        """Remove one, unless somebody else did."""
        with as_operator(request), suppress(NoScheduleError):
            schedules.remove(obj.name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Remove each, so that each is in the audit."""
        for schedule in queryset:
            self.delete_model(request, schedule)

    @admin.action(description="Enable", permissions=["change"])
    def enable_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Let schedules tick again, from now on."""
        _each(request, queryset, schedules.enable, "enabled")

    @admin.action(description="Disable", permissions=["change"])
    def disable_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Let schedules tick no more."""
        _each(request, queryset, schedules.disable, "disabled")

    @admin.action(description="Run now", permissions=["change"])
    def run_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        """Make a job of each schedule now."""
        _each(request, queryset, schedules.run_now, "run")


def _each(
    request: HttpRequest,
    queryset: QuerySet[Schedule],
    verb: Callable[[str], object],
    done: str,
) -> None:
    number = 0
    for name in queryset.values_list("name", flat=True):
        try:
            with as_operator(request):
                verb(name)
            number += 1
        except ScheduleError as error:
            messages.error(request, f"{name}: {error}")
    if number:
        messages.success(request, f"{done}: {number} schedules.")
