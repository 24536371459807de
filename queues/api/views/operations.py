from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.reverse import reverse

from queues import bulk
from queues.api.pagination import KeysetPagination
from queues.api.schema import enveloped
from queues.api.scopes import READ, require_all
from queues.api.serializers.operations import OperationSerializer
from queues.api.views.base import ApiView, answer, once
from queues.api.views.verbs import VerbView, verb
from queues.models import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.views.verbs import Said


class OperationsView(ApiView):
    """What was done, and is being done, to many jobs at once. The newest come first."""

    scopes = {"GET": READ}
    serializer_class = OperationSerializer
    queryset = Operation.objects.all()
    pagination_class = KeysetPagination
    name = "Operations"

    @extend_schema(
        operation_id="queue_operations_list",
        summary="List the operations",
        responses={200: OperationSerializer(many=True)},
        tags=["Operations"],
    )
    def get(self, request: Request) -> Response:
        """List everybody's operations, for those who may see all jobs."""
        require_all(request)
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(OperationSerializer(page, many=True).data)


class OperationView(ApiView):
    """An operation, and how far it is."""

    scopes = {"GET": READ}
    serializer_class = OperationSerializer
    name = "Operation"

    @extend_schema(
        summary="Show an operation",
        responses={200: enveloped(OperationSerializer)},
        tags=["Operations"],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002  (the route's name)
        """Show how many of its jobs are done."""
        require_all(request)
        return answer(OperationSerializer(get_object_or_404(Operation, pk=id)).data)


def begun(request: Request, begin: Callable[[], Operation]) -> Response:
    """Begin an operation once, by the request's Idempotency-Key; answer with it and its place."""
    response = once(request, lambda: answer(OperationSerializer(begin()).data, status=202))
    data: Any = response.data
    where = reverse("operation", kwargs={"id": data["data"]["id"]}, request=request)
    response["Location"] = where
    return response


class BeginView(VerbView):
    """A verb that begins an operation, once for each Idempotency-Key."""

    is_idempotent = True
    answers = OperationSerializer
    status = 202

    def answered(self, request: Request, act: Callable[[], Operation]) -> Response:
        """Answer with the operation and its place."""
        return begun(request, act)


@verb("Stop an operation", tag="Operations")
class StopView(VerbView):
    """Let an operation end after the thousand jobs it is at. What is done stays done."""

    answers = OperationSerializer
    name = "Stop"

    def find(self, **named: str) -> Operation:
        return get_object_or_404(Operation, pk=named["id"])

    def do(self, what: Operation, said: Said) -> Operation:
        """Stop the operation, within a second or two."""
        return bulk.stop(what.pk)


@verb("Undo an operation", tag="Operations")
class UndoView(BeginView):
    """Put back what an operation changed, where that can be done.

    Jobs that have moved on since then are passed over. A retry and a remove cannot be undone.
    """

    name = "Undo"

    def find(self, **named: str) -> Operation:
        return get_object_or_404(Operation, pk=named["id"])

    def do(self, what: Operation, said: Said) -> Operation:
        """Begin the operation that puts back what this one changed."""
        return bulk.undo(what.pk)
