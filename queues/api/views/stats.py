from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiExample, extend_schema

from queues.api.schema import enveloped
from queues.api.scopes import READ
from queues.api.serializers.stats import StatsSerializer
from queues.api.views.base import ApiView, answer
from queues.stamps import stamp
from queues.stats import paused_queues, queue_counts
from queues.transport.client import RedisError, ping

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

COUNTS: Final = {
    "waiting": 2,
    "delayed": 0,
    "waitingChildren": 0,
    "active": 1,
    "completed": 10,
    "failed": 0,
    "cancelled": 0,
    "paused": False,
}
EXAMPLE: Final = OpenApiExample(
    "All is well",
    value={
        "success": True,
        "data": {
            "queues": {"contentAggregation": COUNTS},
            "isConnected": True,
            "timestamp": "2026-08-17T06:20:40.214Z",
        },
    },
    response_only=True,
)


class StatsView(ApiView):
    """How many jobs each queue has, by state.

    The counts are of everybody's jobs. Send the `ETag` of an answer back in `If-None-Match`, and
    as long as nothing has changed the next answer is an empty 304.
    """

    scopes = {"GET": READ}
    serializer_class = StatsSerializer
    name = "Stats"

    @extend_schema(
        summary="Count the jobs of all queues",
        responses={200: enveloped(StatsSerializer)},
        tags=["Queues"],
        examples=[EXAMPLE],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Count the jobs. Answers without Redis too, and says that it is not there."""
        facts = _facts()
        headers = {"ETag": _etag(facts, request)}
        if _is_known(headers["ETag"], request):
            return HttpResponseNotModified(headers=headers)
        response = answer(StatsSerializer({**facts, "timestamp": stamp()}).data)
        for header, value in headers.items():
            response[header] = value
        return response


def _facts() -> dict[str, Any]:
    paused = paused_queues()
    queues = {
        one.conf.json_name: {**one.counts, "paused": one.conf.name in paused}
        for one in queue_counts()
    }
    return {"queues": queues, "isConnected": _is_connected()}


def _is_connected() -> bool:
    try:
        ping()
    except (RedisError, OSError):
        return False
    return True


def _etag(facts: dict[str, Any], request: Request) -> str:
    """Return a weak tag: two answers with the same counts differ in their timestamps."""
    renderer = request.accepted_renderer
    text = json.dumps([facts, renderer.format], sort_keys=True)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _is_known(etag: str, request: Request) -> bool:
    """Whether the caller has an answer with this tag already, compared as weak ones are."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {f"W/{one.removeprefix('W/')}" for one in known}
