"""Jobs and workers, to look at. Operators' verbs come with `queues.control`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from queues.models import Attempt, Job, Worker
from queues.read_only import ReadOnly
from queues.states import State
from queues.stats import queue_counts

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

MAX_SHOWN = 120
LABELS = {
    State.WAITING: "info",
    State.DELAYED: "warning",
    State.ACTIVE: "primary",
    State.COMPLETED: "success",
    State.FAILED: "danger",
}


class AttemptInline(ReadOnly, TabularInline):
    """The tries that did not complete the job."""

    model = Attempt
    extra = 0
    fields = (
        "number",
        "outcome",
        "worker_name",
        "started_at",
        "finished_at",
        "error_class",
        "error_message",
        "traceback",
    )


@admin.register(Job)
class JobAdmin(ReadOnly, ModelAdmin):
    """Every job, newest first."""

    list_display = (
        "id",
        "name",
        "queue",
        "shown_state",
        "tries",
        "owner",
        "created_at",
        "run_at",
        "started_at",
        "finished_at",
        "shown_error",
    )
    list_filter = ("queue", "state", "kind", "cause", "created_at")
    search_fields = ("=id", "name", "owner", "error_message")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (AttemptInline,)

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


@admin.register(Worker)
class WorkerAdmin(ReadOnly, ModelAdmin):
    """The workers that hold a lease, and how many jobs each runs."""

    list_display = ("name", "host", "pid", "version", "queues", "running", "started_at", "beat_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Count the jobs in the same query."""
        return super().get_queryset(request).annotate(running=Count("jobs"))

    @admin.display(description="running jobs", ordering="running")
    def running(self, worker: Any) -> int:
        """How many jobs the worker runs now."""
        return int(worker.running)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add a card for each queue to the admin's index, for those who may see jobs."""
    if request.user.has_perm("queues.view_job"):
        context["queue_cards"] = [
            {
                "name": queue.conf.name,
                "rows": [
                    {"state": state, "count": count, "url": _jobs_url(queue.conf.name, state)}
                    for state, count in queue.counts.items()
                ],
            }
            for queue in queue_counts()
        ]
    return context


def _jobs_url(queue: str, state: State) -> str:
    query = urlencode({"queue__exact": queue, "state__exact": state})
    return f"{reverse('admin:queues_job_changelist')}?{query}"
