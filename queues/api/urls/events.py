from __future__ import annotations

from queues.api.routes import route
from queues.api.views.events import EventsView

urlpatterns = [route("events", EventsView, "events")]
