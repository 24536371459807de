"""Groups of failures: how often, since when and with which code, and trying their jobs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from queues import failures
from queues.admin.acting import ForOperators, as_operator
from queues.admin.listing import MAX_SHOWN, CarefulList, KindFilter
from queues.control import ControlError
from queues.models import FailureGroup
from queues.read_only import ReadOnly
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from queues.models import Operation


@admin.register(FailureGroup)
class FailureGroupAdmin(ForOperators, ReadOnly, CarefulList, ModelAdmin):
    """Failures that are the same, the last seen first."""

    list_display = (
        "error_class", "place", "kind", "shown_message", "count", "failed_now", "first_seen",
        "last_seen", "versions",
    )  # fmt: skip
    list_filter = (KindFilter, "last_seen")
    search_fields = ("error_class", "place", "message")
    list_per_page = 25
    show_full_result_count = False
    actions = ("retry_the_jobs",)
    readonly_fields = ("failed_now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the failed jobs of each group too."""
        return failures.groups()

    @admin.display(description="message")
    def shown_message(self, group: FailureGroup) -> str:
        """The beginning of the last one's message."""
        return group.message[:MAX_SHOWN]

    @admin.display(description="failed now")
    def failed_now(self, group: Any) -> SafeString:
        """How many of its jobs are failed, as a link to them."""
        query = urlencode({"fingerprint__exact": group.pk, "state__exact": State.FAILED.value})
        url = f"{reverse('admin:queues_job_changelist')}?{query}"
        return format_html('<a href="{}">{}</a>', url, group.failed_now)

    @admin.display(description="versions")
    def versions(self, group: FailureGroup) -> str:
        """Which code it was first seen with, and which last."""
        seen = dict.fromkeys(filter(None, (group.first_version, group.last_version)))
        return " … ".join(seen)

    @admin.action(description="Retry the jobs of this group", permissions=["operate"])
    def retry_the_jobs(self, request: HttpRequest, queryset: QuerySet[FailureGroup]) -> None:
        """Begin to let the failed jobs of each chosen group wait again."""
        for fingerprint in queryset.values_list("pk", flat=True):
            try:
                with as_operator(request):
                    operation = failures.retry_group(fingerprint)
            except ControlError as error:
                messages.error(request, str(error))
                continue
            messages.success(request, _begun(fingerprint, operation))


def _begun(fingerprint: str, operation: Operation) -> SafeString:
    url = reverse("admin:queues_operation_change", args=[operation.pk])
    words = f"Operation {operation.pk} has begun: {operation}."
    return format_html('{}: <a href="{}">{}</a>', fingerprint, url, words)
