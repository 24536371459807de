from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drf_spectacular.utils import OpenApiExample, extend_schema

from queues import bulk
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE
from queues.api.serializers.operations import (
    ActionSerializer,
    OperationSerializer,
    PreviewSerializer,
)
from queues.api.views.base import ApiView, acting, answer
from queues.api.views.operations import begun

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.models import Operation

EXAMPLES: Final = [
    OpenApiExample(
        "Retry what failed lately",
        value={
            "verb": "retry",
            "filter": {"queue": "notifications", "state": ["failed"], "finishedAfter": "2h"},
            "dryRun": True,
            "reason": "The server is back.",
        },
        request_only=True,
    ),
    OpenApiExample(
        "Let some jobs go first",
        value={"verb": "priority", "value": 0, "filter": {"owner": "7"}, "limit": 500},
        request_only=True,
    ),
]


class ActionsView(ApiView):
    """Do a verb to all jobs of a filter.

    Look first: with `dryRun` nothing is done, and the answer says how many jobs the filter finds.
    Else the answer names an operation that a worker carries out, and that can be looked at, stopped
    and maybe undone. A filter is always needed; `{"all": true}` is for all jobs.
    """

    scopes = {"POST": MANAGE}
    is_idempotent = True
    serializer_class = ActionSerializer
    name = "Act on many jobs"

    @extend_schema(
        summary="Act on all jobs of a filter",
        request=ActionSerializer,
        responses={200: enveloped(PreviewSerializer), 202: enveloped(OperationSerializer)},
        tags=["Operations"],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Begin an operation, or with `dryRun` say what it would be done to."""
        said = self.valid(request)
        wanted = (said["verb"], said["filter"], said.get("value"))
        if said["dryRun"]:
            return answer(PreviewSerializer(bulk.preview(*wanted, limit=said.get("limit"))).data)

        def begin() -> Operation:
            with acting(request, said["reason"]):
                return bulk.begin(*wanted, limit=said.get("limit"))

        return begun(request, begin)
