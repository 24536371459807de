from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiExample, extend_schema

from fediverse.activities.api.serializers.testing import BulkAddedSerializer, BulkJobsSerializer
from fediverse.activities.services.samples import add_bulk
from queues.api.making import Maker
from queues.api.schema import enveloped
from queues.api.scopes import WRITE
from queues.api.views.base import ApiView, answer, once
from queues.stamps import stamp

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class BulkJobsView(ApiView):
    """Add many jobs of all three kinds in turn, each later than the one before: all, or none."""

    name = "Test many jobs"
    scopes = {"POST": WRITE}
    is_idempotent = True
    serializer_class = BulkJobsSerializer
    weight = 10

    @extend_schema(
        summary="Add many jobs of all kinds",
        request=BulkJobsSerializer,
        responses={200: enveloped(BulkAddedSerializer, "message")},
        tags=["Test"],
        examples=[OpenApiExample("Five", {"count": 5}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Answer with the jobs once they are stored."""
        count = self.valid(request)["count"]
        return once(request, lambda: _add(Maker.of(request), count))


def _add(maker: Maker, count: int) -> Response:
    maker.check_room(count)
    jobs = [{"type": added.type, "id": str(added.id)} for added in add_bulk(maker.owner, count)]
    message = f"{count} jobs added to the queues successfully"
    return answer({"jobs": jobs, "timestamp": stamp()}, message=message)
