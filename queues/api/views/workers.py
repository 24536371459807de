from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from queues import fleet
from queues.api import keyset
from queues.api.pagination import KeysetPagination
from queues.api.scopes import READ, require_all
from queues.api.serializers.workers import WorkerSerializer
from queues.api.views.base import ApiView

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class WorkersView(ApiView):
    """The workers: those that live, and those that died a moment ago.

    A worker that was told to stop is gone at once; one that was killed is here until its lease has
    run out and another worker has taken its jobs back.
    """

    scopes = {"GET": READ}
    serializer_class = WorkerSerializer
    queryset = fleet.workers()
    pagination_class = KeysetPagination
    orderings = keyset.orderings(name="name", startedAt="started_at", beatAt="beat_at")
    default_ordering = "name"
    name = "Workers"

    @extend_schema(
        summary="List the workers",
        responses={200: WorkerSerializer(many=True)},
        tags=["Operations"],
    )
    def get(self, request: Request) -> Response:
        """List the workers, with what they run now, for those who may see all jobs."""
        require_all(request)
        page = self.paginate_queryset(self.get_queryset()) or []
        context = {"running": fleet.running(page)}
        data = WorkerSerializer(page, many=True, context=context).data
        return self.get_paginated_response(data)
