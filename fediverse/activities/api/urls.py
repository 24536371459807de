from __future__ import annotations

from fediverse.activities.api.views.simple import SimpleTestView
from queues.api.routes import route

urlpatterns = [
    route("queue/test-simple", SimpleTestView, "test-simple"),
]
