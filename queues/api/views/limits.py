from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from queues import limits
from queues.api import keyset
from queues.api.pagination import PARAMETERS, KeysetPagination
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE, READ, require_all
from queues.api.serializers.limits import (
    EXAMPLE,
    CloseSerializer,
    KeyNamedSerializer,
    KeySerializer,
    LimitNamedSerializer,
    LimitSerializer,
    LimitSetSerializer,
    LimitsSerializer,
)
from queues.api.units import MS
from queues.api.views.base import ApiView, acting, answer
from queues.api.views.verbs import VerbView, verb
from queues.models import Limit, LimitKey

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.views.verbs import Said

PAGES: Final = [
    OpenApiParameter(name, str, description="As in every list; for the limits.")
    for name in PARAMETERS
]
LIMIT: Final = OpenApiExample(
    "Five at once, and a hundred a minute",
    value={"key": EXAMPLE, "concurrency": 5, "rateLimit": {"max": 100, "duration": 60_000}},
    request_only=True,
)
KEY: Final = OpenApiExample("A host", value={"key": EXAMPLE}, request_only=True)
CLOSE: Final = OpenApiExample(
    "For a minute", value={"key": EXAMPLE, "duration": 60_000}, request_only=True
)


class LimitsView(ApiView):
    """Limits of keys, over all workers: how many jobs at once, how many begun in a time.

    A key is text that a job was given in `limitKey`, such as a host or a tenant. A change holds
    from the next job on that begins.
    """

    scopes = {"GET": READ, "POST": MANAGE}
    serializer_class = LimitSetSerializer
    queryset = Limit.objects.all()
    pagination_class = KeysetPagination
    orderings = keyset.orderings(key="pk")
    default_ordering = "key"
    name = "Limits"

    @extend_schema(
        summary="List the limits",
        parameters=PAGES,
        responses={200: enveloped(LimitsSerializer, "next", "previous")},
        tags=["Limits"],
    )
    def get(self, request: Request) -> Response:
        """List the limits, a page at a time, and the keys in use, for who may see all jobs."""
        require_all(request)
        page = self.paginate_queryset(self.get_queryset())
        data = {"limits": page, "keysInUse": limits.keys_in_use()}
        return self.get_paginated_response(LimitsSerializer(data).data)

    @extend_schema(
        summary="Set a limit",
        request=LimitSetSerializer,
        responses={200: enveloped(LimitSerializer)},
        examples=[LIMIT],
        tags=["Limits"],
    )
    def post(self, request: Request) -> Response:
        """Limit a key. It replaces what was set for the same key."""
        said = self.valid(request)
        with acting(request, said["reason"]):
            limit = limits.set_limit(
                said["key"], concurrency=said.get("concurrency"), rate=said.get("rateLimit")
            )
        return answer(LimitSerializer(limit).data)


@verb("Remove a limit", tag="Limits", examples=[KEY])
class RemoveLimitView(VerbView):
    """Let a key go without this limit."""

    serializer_class = LimitNamedSerializer
    answers = LimitSerializer
    name = "Remove a limit"

    def do(self, what: Said, said: Said) -> Limit:
        """Remove the limit, and answer with what it was."""
        limit = get_object_or_404(Limit, key=said["key"])
        limits.remove_limit(limit.key)
        return limit


@verb("Close a key", tag="Limits", examples=[CLOSE])
class CloseKeyView(VerbView):
    """Let no job of a key begin for a time; what runs goes on."""

    serializer_class = CloseSerializer
    answers = KeySerializer
    name = "Close a key"

    def do(self, what: Said, said: Said) -> LimitKey:
        """Close the key from now on. It replaces what closed it before."""
        limits.close_key(said["key"], said["duration"] / MS)
        return _key(said["key"])


@verb("Open a key", tag="Limits", examples=[KEY])
class OpenKeyView(VerbView):
    """Let the jobs of a closed key begin again, as far as its limits let them."""

    serializer_class = KeyNamedSerializer
    answers = KeySerializer
    name = "Open a key"

    def do(self, what: Said, said: Said) -> LimitKey:
        """Open the key. That of one that is not closed is a conflict."""
        limits.open_key(said["key"])
        return _key(said["key"])


def _key(key: str) -> LimitKey:
    """Return what is kept of a key, or as good as nothing."""
    return LimitKey.objects.filter(key=key).first() or LimitKey(key=key)
