"""The addresses below `/api/queue/`."""

from __future__ import annotations

from queues.api.urls import events, jobs, operating, schedules

urlpatterns = [
    *jobs.urlpatterns,
    *operating.urlpatterns,
    *schedules.urlpatterns,
    *events.urlpatterns,
]
