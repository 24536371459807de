from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from queues import failures
from queues.api import keyset
from queues.api.pagination import KeysetPagination
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE, READ, require_all
from queues.api.serializers.failures import FailureGroupSerializer
from queues.api.serializers.operations import OperationSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.views.base import ApiView, acting
from queues.api.views.operations import begun

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.models import Operation


class FailuresView(ApiView):
    """Failures that are the same, in groups. The last seen come first."""

    scopes = {"GET": READ}
    serializer_class = FailureGroupSerializer
    queryset = failures.groups()
    pagination_class = KeysetPagination
    orderings = keyset.orderings(lastSeen="last_seen", firstSeen="first_seen", count="count")
    default_ordering = "-lastSeen"
    name = "Failures"

    @extend_schema(
        summary="List the groups of failures",
        responses={200: FailureGroupSerializer(many=True)},
        tags=["Operations"],
    )
    def get(self, request: Request) -> Response:
        """List the groups, for those who may see all jobs."""
        require_all(request)
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(FailureGroupSerializer(page, many=True).data)


class RetryFailuresView(ApiView):
    """Let the failed jobs of a group wait again, with all their attempts."""

    scopes = {"POST": MANAGE}
    is_idempotent = True
    serializer_class = ReasonSerializer
    name = "Retry a group of failures"

    @extend_schema(
        summary="Retry a group of failures",
        request=ReasonSerializer,
        responses={202: enveloped(OperationSerializer)},
        tags=["Operations"],
    )
    def post(self, request: Request, fingerprint: str) -> Response:
        """Begin the operation that does so."""
        said = self.valid(request)

        def retry() -> Operation:
            with acting(request, said["reason"]):
                return failures.retry_group(fingerprint)

        return begun(request, retry)
