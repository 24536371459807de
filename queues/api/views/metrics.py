from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from queues.api.parameters import asked
from queues.api.schema import enveloped
from queues.api.scopes import READ
from queues.api.serializers.metrics import MetricsQuerySerializer, SeriesSerializer
from queues.api.views.base import ApiView, answer
from queues.conf import get_queues
from queues.series import series

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class MetricsView(ApiView):
    """What happened minute by minute, over all workers.

    The counts outlive their jobs. Workers write them once a second, so the newest minute may still
    grow a little.
    """

    scopes = {"GET": READ}
    parameters = None
    serializer_class = SeriesSerializer
    name = "Metrics"

    @extend_schema(
        summary="Show what happened minute by minute",
        parameters=[MetricsQuerySerializer],
        responses={200: enveloped(SeriesSerializer)},
        tags=["Queues"],
    )
    def get(self, request: Request) -> Response:
        """Count what happened in the last minutes that are over; a quiet one has zeros."""
        said = asked(request, MetricsQuerySerializer)
        queues = [said["queue"]] if "queue" in said else [*get_queues()]
        found = series(queues, minutes=said["minutes"], kind=said.get("kind"))
        return answer(SeriesSerializer(found).data)
