from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.reverse import reverse

from queues import bulk
from queues.api.pagination import KeysetPagination
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE, READ, require_all
from queues.api.serializers.operations import OperationSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.views.base import ApiView, acting, answer, once
from queues.models import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request
    from rest_framework.response import Response


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


class StopView(ApiView):
    """Let an operation end after the thousand jobs it is at. What is done stays done."""

    scopes = {"POST": MANAGE}
    serializer_class = ReasonSerializer
    name = "Stop"

    @extend_schema(
        summary="Stop an operation",
        request=ReasonSerializer,
        responses={200: enveloped(OperationSerializer)},
        tags=["Operations"],
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  (the route's name)
        """Stop the operation, within a second or two."""
        operation, said = get_object_or_404(Operation, pk=id), self.valid(request)
        with acting(request, said["reason"]):
            stopped = bulk.stop(operation.pk)
        return answer(OperationSerializer(stopped).data)


class UndoView(ApiView):
    """Put back what an operation changed, where that can be done.

    Jobs that have moved on since then are passed over. A retry and a remove cannot be undone.
    """

    scopes = {"POST": MANAGE}
    is_idempotent = True
    serializer_class = ReasonSerializer
    name = "Undo"

    @extend_schema(
        summary="Undo an operation",
        request=ReasonSerializer,
        responses={202: enveloped(OperationSerializer)},
        tags=["Operations"],
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  (the route's name)
        """Begin the operation that puts back what this one changed."""
        operation, said = get_object_or_404(Operation, pk=id), self.valid(request)

        def undo() -> Operation:
            with acting(request, said["reason"]):
                return bulk.undo(operation.pk)

        return begun(request, undo)


def begun(request: Request, begin: Callable[[], Operation]) -> Response:
    """Begin an operation once, by the request's Idempotency-Key; answer with it and its place."""
    response = once(request, lambda: answer(OperationSerializer(begin()).data, status=202))
    data: Any = response.data
    where = reverse("operation", kwargs={"id": data["data"]["id"]}, request=request)
    response["Location"] = where
    return response
