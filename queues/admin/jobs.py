"""Every job, what it waits for, and the verbs of operators."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from queues.admin.acting import ForOperators, as_operator
from queues.admin.flow import family_of
from queues.admin.listing import (
    MAX_SHOWN,
    CarefulList,
    FirstPages,
    KindFilter,
    QueueFilter,
    operation_url,
)
from queues.control import ControlError
from queues.explain import explain
from queues.models import Attempt, Job
from queues.operations import JOB_VERBS
from queues.private import masked
from queues.read_only import ReadOnly
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

MAX_LINES: Final = 500
LABELS: Final = {
    State.WAITING: "info",
    State.DELAYED: "warning",
    State.WAITING_CHILDREN: "warning",
    State.ACTIVE: "primary",
    State.COMPLETED: "success",
    State.FAILED: "danger",
}


class AttemptInline(ReadOnly, TabularInline):
    """The tries that did not complete the job."""

    model = Attempt
    extra = 0
    fields = (
        "number", "outcome", "worker_name", "started_at", "finished_at", "error_class",
        "error_message", "traceback", "progress", "code_version",
    )  # fmt: skip


def permission_of(verb: str) -> str:
    """Return what somebody needs for a verb."""
    return "queues.delete_job" if verb == "remove" else "queues.change_job"


@admin.register(Job)
class JobAdmin(ForOperators, ReadOnly, CarefulList, ModelAdmin):
    """Every job, newest first. Nothing is edited in place: each verb is a guarded statement."""

    list_display = (
        "id", "name", "queue", "shown_state", "tries", "owner", "run_at", "finished_at",
        "shown_error",
    )  # fmt: skip
    list_filter = (QueueFilter, "state", KindFilter, "cause", "created_at")
    linked = ("fingerprint",)
    paginator = FirstPages
    list_before_template = "admin/queues/job_list_note.html"
    search_fields = ("=id", "name", "owner", "error_message")
    ordering = ("-id",)
    list_per_page = 25
    show_full_result_count = False
    inlines = (AttemptInline,)
    actions = ("retry_jobs", "cancel_jobs", "promote_jobs", "remove_jobs")
    exclude = ("payload",)
    readonly_fields = ("shown_payload", "log_of_the_handler")
    change_form_outer_before_template = "admin/queues/job_verbs.html"
    change_form_outer_after_template = "admin/queues/job_flow.html"

    @display(description="state", ordering="state", label=LABELS)
    def shown_state(self, job: Job) -> str:
        """The state, in its colour."""
        return job.state

    @admin.display(description="attempt", ordering="attempt")
    def tries(self, job: Job) -> str:
        """Which of how many tries the job is at."""
        return f"{job.attempt} of {job.max_attempts}"

    @admin.display(description="error", ordering="error_class")
    def shown_error(self, job: Job) -> str:
        """The beginning of the last error."""
        return job.error_message[:MAX_SHOWN]

    @admin.display(description="payload")
    def shown_payload(self, job: Job) -> SafeString:
        """What the job is told, without what its owner alone may read."""
        text = json.dumps(masked(job.kind, job.payload), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.display(description="log")
    def log_of_the_handler(self, job: Job) -> SafeString | str:
        """What the handler wrote, attempt by attempt."""
        lines = job.log_lines.order_by("id").values_list("at", "text")[:MAX_LINES]
        rows = [(f"{at:%H:%M:%S}", text) for at, text in lines]
        return format_html_join("", "<div><code>{}</code> {}</div>", rows) or "-"

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Who may remove jobs."""
        return request.user.has_perm("queues.delete_job")

    @admin.action(description="Retry, with all attempts", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Let finished jobs wait again."""
        self._each(request, queryset, "retry")

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """End jobs that are not finished."""
        self._each(request, queryset, "cancel")

    @admin.action(description="Promote: wait now", permissions=["operate"])
    def promote_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Let delayed jobs wait now."""
        self._each(request, queryset, "promote")

    @admin.action(description="Remove", permissions=["remove"])
    def remove_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Delete jobs that do not run."""
        self._each(request, queryset, "remove")

    def _each(self, request: HttpRequest, queryset: QuerySet[Job], verb: str) -> None:
        done = 0
        for job_id in queryset.values_list("pk", flat=True):
            try:
                with as_operator(request):
                    JOB_VERBS[verb].apply(job_id, "")
                done += 1
            except ControlError as error:
                messages.error(request, str(error))
        if done:
            messages.success(request, f"{verb}: {done} jobs.")

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the verbs; it takes POST only."""
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<int:job_id>/verb/", view, name="queues_job_verb"), *super().get_urls()]

    def verb_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do a verb of `queues.operations` to a job, and say so on its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        verb = request.POST.get("verb", "")
        if not request.user.has_perm(permission_of(verb)):
            raise PermissionDenied
        try:
            if verb not in JOB_VERBS:
                raise ControlError(f"verb is {verb[:30]!r}; allowed: {', '.join(JOB_VERBS)}.")
            with as_operator(request):
                JOB_VERBS[verb].apply(job_id, request.POST.get("value", ""))
            messages.success(request, f"Job {job_id} {JOB_VERBS[verb].done}.")
        except ControlError as error:
            messages.error(request, str(error))
        if Job.objects.filter(pk=job_id).exists():
            return redirect("admin:queues_job_change", job_id)
        return redirect("admin:queues_job_changelist")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the way to a verb for all that is listed."""
        extra = {**(extra_context or {}), "operation_url": operation_url(request)}
        return super().changelist_view(request, extra)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add why the job is where it is, what may be done about it, and the jobs around it."""
        job = self.get_object(request, object_id)
        mine = {**self._verbs(request, job), **family_of(job)} if job else {}
        extra = {**(extra_context or {}), **mine}
        return super().change_view(request, object_id, form_url, extra)

    def _verbs(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        allowed = {
            State.WAITING: ["cancel", "remove"],
            State.DELAYED: ["promote", "cancel", "remove"],
            State.WAITING_CHILDREN: ["cancel"],
            State.ACTIVE: ["cancel"],
        }.get(State(job.state), ["retry", "retry-once", "remove"])
        not_begun = job.state in {State.WAITING, State.DELAYED}
        editable = ["priority", "payload", *(["delay"] if job.state == State.DELAYED else [])]
        may = request.user.has_perm
        return {
            "explanation": explain(job),
            "job_id": job.pk,
            "verbs": [verb for verb in allowed if may(permission_of(verb))],
            "edits": editable if not_begun and may("queues.change_job") else [],
        }
