from __future__ import annotations

from queues.api.routes import route
from queues.api.views.cleanup import CleanupView
from queues.api.views.queues import DrainView, PauseView, QueuesView, QueueView, ResumeView
from queues.api.views.stats import StatsView

urlpatterns = [
    route("stats", StatsView, "stats"),
    route("cleanup", CleanupView, "cleanup"),
    route("queues", QueuesView, "queues"),
    route("queues/<queue>", QueueView, "queue"),
    route("queues/<queue>/pause", PauseView, "queue-pause"),
    route("queues/<queue>/resume", ResumeView, "queue-resume"),
    route("queues/<queue>/drain", DrainView, "queue-drain"),
]
