"""The three queues on the admin's index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from queues.models import QueueControl
from queues.stats import queue_counts

if TYPE_CHECKING:
    from django.http import HttpRequest

    from queues.states import State


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add a card for each queue to the admin's index, for those who may see jobs."""
    if request.user.has_perm("queues.view_job"):
        controls = QueueControl.objects.in_bulk()
        context["may_control_queues"] = request.user.has_perm("queues.change_queuecontrol")
        context["queue_cards"] = [
            {
                "name": queue.conf.name,
                "control": controls.get(queue.conf.name),
                "slots": queue.conf.slots,
                "verb_url": reverse("admin:queues_queue_verb", args=[queue.conf.name]),
                "rows": [
                    {"state": state, "count": count, "url": _jobs_url(queue.conf.name, state)}
                    for state, count in queue.counts.items()
                ],
            }
            for queue in queue_counts()
        ]
    return context


def _jobs_url(queue: str, state: State) -> str:
    query = urlencode({"queue__exact": queue, "state__exact": state})
    return f"{reverse('admin:queues_job_changelist')}?{query}"
