from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema

from queues.api.schema import enveloped
from queues.api.scopes import MANAGE
from queues.api.serializers.cleanup import (
    CleanupSerializer,
    RemovedSerializer,
    cleanup_of,
)
from queues.api.views.base import ApiView, acting, answer
from queues.conf import get_queues
from queues.stamps import stamp

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.cleanup import Counts

EXAMPLES: Final = [
    OpenApiExample("As the old service did", value={}, request_only=True),
    OpenApiExample(
        "Look first",
        value={"queue": "notifications", "states": ["cancelled"], "graceMs": 0, "dryRun": True},
        request_only=True,
    ),
]


class CleanupView(ApiView):
    """Delete finished jobs that are old.

    Without a body: completed ones after 24 hours and failed ones after 7 days, in all queues. A job
    that waits or runs is never deleted here. Thousands go in steps; what a step deleted stays
    deleted when a later one fails.
    """

    scopes = {"POST": MANAGE}
    serializer_class = CleanupSerializer
    name = "Clean up"

    @extend_schema(
        summary="Delete old finished jobs",
        request=CleanupSerializer,
        responses={200: enveloped(RemovedSerializer, "message")},
        tags=["Queues"],
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Delete them, or with `dryRun` count them. Says how many, by queue and state."""
        said = self.valid(request)
        wanted, is_dry = cleanup_of(said), said["dryRun"]
        with acting(request, said["reason"]):
            counts = wanted.look() if is_dry else wanted.run()
        data = {"dryRun": is_dry, **_removed(counts), "timestamp": stamp()}
        message = "Nothing was deleted" if is_dry else "Queue cleanup completed successfully"
        return answer(RemovedSerializer(data).data, message=message)


def _removed(counts: Counts) -> dict[str, Any]:
    names = {name: conf.json_name for name, conf in get_queues().items()}
    return {
        "removed": {
            names[queue]: {state.value: number for state, number in states.items()}
            for queue, states in counts.items()
        },
        "total": sum(sum(states.values()) for states in counts.values()),
    }
