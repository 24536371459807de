"""Verbs for many jobs: look first, begin, watch, stop, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.decorators import display

from queues import bulk
from queues.admin.acting import as_operator
from queues.admin.jobs import permission_of
from queues.admin.listing import CarefulList, FirstPages
from queues.bulk_verbs import VERBS
from queues.control import ControlError
from queues.filters import WORDS, FilterError, JobFilter, parse
from queues.models import Operation
from queues.operations import optional
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, QueryDict
    from django.urls import URLPattern

# What the form has besides the words of the filter.
OWN_FIELDS: Final = ("verb", "value", "reason", "confirm", "csrfmiddlewaretoken")
LABELS: Final = {"running": "primary", "done": "success", "stopped": "warning"}


@admin.register(Operation)
class OperationAdmin(ReadOnly, CarefulList, ModelAdmin):
    """Every operation, newest first, and how far it is."""

    list_display = (
        "id", "verb", "filter", "shown_state", "progress", "passed_over", "actor", "reason",
        "created_at", "finished_at",
    )  # fmt: skip
    list_filter = ("state", "verb")
    list_before_template = "admin/queues/operation_list_note.html"
    paginator = FirstPages
    show_full_result_count = False
    change_form_outer_before_template = "admin/queues/operation_verbs.html"

    @display(description="state", ordering="state", label=LABELS)
    def shown_state(self, operation: Operation) -> str:
        """The state, in its colour."""
        return operation.state

    @admin.display(description="looked at")
    def progress(self, operation: Operation) -> str:
        """How many jobs it has looked at, of those that were found beforehand."""
        return f"{operation.done + operation.passed_over} of {operation.total}"

    def get_urls(self) -> list[URLPattern]:
        """Add the page that begins operations, and the addresses that take a POST."""
        wrap = self.admin_site.admin_view
        mine = [
            path("new/", wrap(self.new_view), name="queues_operation_new"),
            path("<int:pk>/stop/", wrap(self.stop_view), name="queues_operation_stop"),
            path("<int:pk>/undo/", wrap(self.undo_view), name="queues_operation_undo"),
        ]
        return [*mine, *super().get_urls()]

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a filter and a verb, show what they would do, and begin it when told so."""
        data = request.POST if request.method == "POST" else request.GET
        verb = data.get("verb", "")
        if not request.user.has_perm(permission_of(verb)):
            raise PermissionDenied
        context: dict[str, Any] = {}
        if verb:
            try:
                wanted, value = _read(data)
                if request.method == "POST":
                    return self._begin(request, verb, wanted, value)
                preview = bulk.preview(verb, wanted, value)
                # What is begun is what was looked at: an age has become a date.
                context = {"preview": preview, "meant": wanted.as_words()}
            except (FilterError, ControlError) as error:
                messages.error(request, str(error))
        return self._form(request, data, context)

    def _begin(
        self, request: HttpRequest, verb: str, wanted: JobFilter, value: int | None
    ) -> HttpResponse:
        """Begin, and show the operation. Raises ControlError."""
        if verb == "remove" and request.POST.get("confirm") != "remove":
            raise ControlError("To remove jobs for good, type the word remove.")
        with as_operator(request):
            operation = bulk.begin(verb, wanted, value)
        messages.success(request, f"Operation {operation.pk} has begun: {operation}.")
        return redirect("admin:queues_operation_change", operation.pk)

    def _form(self, request: HttpRequest, data: QueryDict, context: dict[str, Any]) -> HttpResponse:
        """Show the form with what was sent, and what it would do if that is known."""
        page = {
            **self.admin_site.each_context(request),
            "title": "A verb for many jobs",
            "words": [(name, data.get(name, "")) for name in WORDS],
            "verbs": [verb for verb in VERBS if request.user.has_perm(permission_of(verb))],
            "verb": data.get("verb", ""),
            "value": data.get("value", ""),
            **context,
        }
        return TemplateResponse(request, "admin/queues/operation_new.html", page)

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop an operation."""
        return self._act(request, pk, bulk.stop, "ends after the chunk it is at")

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin to undo an operation."""
        return self._act(request, pk, bulk.undo, "has begun")

    def _act(
        self, request: HttpRequest, pk: int, act: Callable[[int], Operation], done: str
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("queues.change_job"):
            raise PermissionDenied
        try:
            with as_operator(request):
                operation = act(pk)
        except ControlError as error:
            messages.error(request, str(error))
            return redirect("admin:queues_operation_changelist")
        messages.success(request, f"Operation {operation.pk} {done}.")
        return redirect("admin:queues_operation_change", operation.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add what may be done about the operation."""
        operation = self.get_object(request, object_id)
        extra = {**(extra_context or {}), "may": _allowed(operation) if operation else []}
        if not request.user.has_perm("queues.change_job"):
            extra["may"] = []
        return super().change_view(request, object_id, form_url, extra)


def _read(data: QueryDict) -> tuple[JobFilter, int | None]:
    """Return the filter and the value that were sent; empty fields are left out.

    Raises FilterError and ControlError.
    """
    words = {name: word for name, word in data.items() if word and name not in OWN_FIELDS}
    return parse(words), optional("value", data.get("value", ""))  # type: ignore[arg-type]


def _allowed(operation: Operation) -> list[str]:
    if operation.state == Operation.State.RUNNING:
        return [] if operation.must_stop else ["stop"]
    can_undo = operation.verb in VERBS and VERBS[operation.verb].undo
    return ["undo"] if can_undo and not operation.undone_by.exists() else []
