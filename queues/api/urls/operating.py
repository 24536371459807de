from __future__ import annotations

from queues.api.routes import route
from queues.api.views.cleanup import CleanupView
from queues.api.views.stats import StatsView

urlpatterns = [
    route("stats", StatsView, "stats"),
    route("cleanup", CleanupView, "cleanup"),
]
