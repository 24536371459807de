"""Pausing, resuming and sizing queues. The forms are on the admin's index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from unfold.admin import ModelAdmin

from queues.admin.acting import as_operator
from queues.admin.listing import CarefulList
from queues.control import ControlError
from queues.models import QueueControl
from queues.operations import QUEUE_VERBS
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern


@admin.register(QueueControl)
class QueueControlAdmin(ReadOnly, CarefulList, ModelAdmin):
    """What was set for queues; queues that run as the settings say have no row."""

    list_display = (
        "name",
        "paused_at",
        "cap",
        "rate",
        "per_seconds",
        "is_fair",
        "slots",
        "updated_at",
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the verbs; it takes POST only."""
        view = self.admin_site.admin_view(self.verb_view)
        mine = [path("<str:queue>/verb/", view, name="queues_queue_verb")]
        return [*mine, *super().get_urls()]

    def verb_view(self, request: HttpRequest, queue: str) -> HttpResponse:
        """Do a verb of `queues.operations` to a queue, and say so on the index."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("queues.change_queuecontrol"):
            raise PermissionDenied
        verb = request.POST.get("verb", "")
        try:
            if verb not in QUEUE_VERBS:
                raise ControlError(f"verb is {verb[:30]!r}; allowed: {', '.join(QUEUE_VERBS)}.")
            with as_operator(request):
                QUEUE_VERBS[verb](queue, request.POST.get("value", ""))
            messages.success(request, f"{queue}: {verb} is done. Workers follow within a second.")
        except ControlError as error:
            messages.error(request, str(error))
        return redirect("admin:index")
