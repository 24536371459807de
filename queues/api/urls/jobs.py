from __future__ import annotations

from queues.api.routes import route
from queues.api.views.jobs import JobsBulkView, JobsView
from queues.api.views.jobs_one import JobView
from queues.api.views.jobs_verbs import CancelView, PromoteView, RetryView

urlpatterns = [
    route("jobs", JobsView, "jobs"),
    route("jobs/bulk", JobsBulkView, "jobs-bulk"),
    route("jobs/<id>", JobView, "job"),
    route("jobs/<id>/retry", RetryView, "job-retry"),
    route("jobs/<id>/cancel", CancelView, "job-cancel"),
    route("jobs/<id>/promote", PromoteView, "job-promote"),
]
