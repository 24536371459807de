from __future__ import annotations

from fediverse.activities.api.views.bulk import BulkJobsView
from fediverse.activities.api.views.notifications import (
    NotificationListView,
    NotificationReadView,
    NotificationView,
)
from fediverse.activities.api.views.simple import SimpleTestView
from fediverse.activities.api.views.testing import (
    ContentAggregationView,
    NotificationTestView,
    UserActionView,
)
from queues.api.routes import route

urlpatterns = [
    route("queue/test-simple", SimpleTestView, "test-simple"),
    route("queue/test/content-aggregation", ContentAggregationView, "test-content-aggregation"),
    route("queue/test/notification", NotificationTestView, "test-notification"),
    route("queue/test/user-action", UserActionView, "test-user-action"),
    route("queue/test/bulk-jobs", BulkJobsView, "test-bulk-jobs"),
    route("notifications", NotificationListView, "notifications"),
    route("notifications/<id>", NotificationView, "notification"),
    route("notifications/<id>/read", NotificationReadView, "notification-read"),
]
