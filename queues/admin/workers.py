"""The workers that hold a lease, and what each of their slots runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin

from queues.admin.listing import CarefulList
from queues.models import Job, Worker
from queues.read_only import ReadOnly
from queues.states import State

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


@admin.register(Worker)
class WorkerAdmin(ReadOnly, CarefulList, ModelAdmin):
    """Live workers, and dead ones until a rescuer finds them."""

    list_display = (
        "name", "host", "pid", "version", "shown_slots", "running", "started_at", "beat_at",
        "expires_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Fetch the running jobs of all workers in one query."""
        active = Job.objects.filter(state=State.ACTIVE).only("id", "name", "worker_id")
        prefetch = Prefetch("jobs", queryset=active.order_by("id"), to_attr="active_jobs")
        return super().get_queryset(request).prefetch_related(prefetch)

    @admin.display(description="slots")
    def shown_slots(self, worker: Worker) -> str:
        """How many jobs of each queue side by side."""
        return ", ".join(f"{queue} {number}" for queue, number in worker.slots.items())

    @admin.display(description="runs")
    def running(self, worker: Any) -> SafeString | str:
        """The jobs that its slots run, each a link."""
        rows = [
            (reverse("admin:queues_job_change", args=[job.pk]), job.pk, job.name)
            for job in worker.active_jobs
        ]
        return format_html_join(", ", '<a href="{}">{} {}</a>', rows) or "nothing"
