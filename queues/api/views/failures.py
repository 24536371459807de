from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from queues import failures
from queues.api import keyset
from queues.api.pagination import KeysetPagination
from queues.api.scopes import READ, require_all
from queues.api.serializers.failures import FailureGroupSerializer
from queues.api.views.base import ApiView
from queues.api.views.operations import BeginView
from queues.api.views.verbs import verb

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.views.verbs import Said
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


@verb("Retry a group of failures", tag="Operations")
class RetryFailuresView(BeginView):
    """Let the failed jobs of a group wait again, with all their attempts."""

    name = "Retry a group of failures"

    def do(self, what: Said, said: Said) -> Operation:
        """Begin the operation that does so."""
        return failures.retry_group(what["fingerprint"])
