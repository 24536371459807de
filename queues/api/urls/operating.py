from __future__ import annotations

from queues.api.routes import route
from queues.api.views.actions import ActionsView
from queues.api.views.cleanup import CleanupView
from queues.api.views.failures import FailuresView, RetryFailuresView
from queues.api.views.limits import CloseKeyView, LimitsView, OpenKeyView, RemoveLimitView
from queues.api.views.metrics import MetricsView
from queues.api.views.operations import OperationsView, OperationView, StopView, UndoView
from queues.api.views.queues import DrainView, PauseView, QueuesView, QueueView, ResumeView
from queues.api.views.stats import StatsView
from queues.api.views.workers import WorkersView

urlpatterns = [
    route("stats", StatsView, "stats"),
    route("cleanup", CleanupView, "cleanup"),
    route("queues", QueuesView, "queues"),
    route("queues/<queue>", QueueView, "queue"),
    route("queues/<queue>/pause", PauseView, "queue-pause"),
    route("queues/<queue>/resume", ResumeView, "queue-resume"),
    route("queues/<queue>/drain", DrainView, "queue-drain"),
    route("jobs/actions", ActionsView, "job-actions"),
    route("operations", OperationsView, "operations"),
    route("operations/<id>", OperationView, "operation"),
    route("operations/<id>/stop", StopView, "operation-stop"),
    route("operations/<id>/undo", UndoView, "operation-undo"),
    route("workers", WorkersView, "workers"),
    route("limits", LimitsView, "limits"),
    route("limits/remove", RemoveLimitView, "limit-remove"),
    route("limits/close", CloseKeyView, "limit-close"),
    route("limits/open", OpenKeyView, "limit-open"),
    route("metrics", MetricsView, "metrics"),
    route("failures", FailuresView, "failures"),
    route("failures/<fingerprint>/retry", RetryFailuresView, "failure-retry"),
]
