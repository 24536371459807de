from __future__ import annotations

from queues.api.routes import route
from queues.api.views.schedules import RunScheduleView, SchedulesView, ScheduleView

urlpatterns = [
    route("schedules", SchedulesView, "schedules"),
    # Before the next one, for a name may hold slashes.
    route("schedules/<schedule>/run", RunScheduleView, "schedule-run"),
    route("schedules/<schedule>", ScheduleView, "schedule"),
]
