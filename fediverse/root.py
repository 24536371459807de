"""The entry of the browsable API, and the documents that describe it."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema, inline_serializer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from queues.api.views.base import answer

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M3 4 13 4 8 13Z" fill="none" stroke="#9333ea"/>'
    '<g fill="#9333ea"><circle cx="3" cy="4" r="2"/><circle cx="13" cy="4" r="2"/>'
    '<circle cx="8" cy="13" r="2"/></g></svg>'
)
# What the entry links to: a key of its answer, and the name of a route.
LINKS: Final = {
    "jobs": "jobs",
    "queues": "queues",
    "stats": "stats",
    "operations": "operations",
    "schedules": "schedules",
    "limits": "limits",
    "workers": "workers",
    "failures": "failures",
    "metrics": "metrics",
    "events": "events",
    "testSimple": "test-simple",
    "notifications": "notifications",
    "token": "auth-token",
    "tokens": "auth-tokens",
    "account": "account",
    "health": "health",
    "docs": "docs",
    "schema": "schema",
    "signIn": "rest_framework:login",
    "admin": "admin:index",
}


@csrf_exempt
@require_safe
@cache_control(max_age=86_400, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Return three linked circles."""
    return HttpResponse(ICON, content_type="image/svg+xml")


class ApiRootView(APIView):
    """Where everything is. Some of it wants a token, or that you sign in."""

    permission_classes = (AllowAny,)
    name = "Fediverse Hub"

    @extend_schema(
        operation_id="getRoot",
        summary="Where everything is",
        tags=["Entry"],
        responses=inline_serializer(
            "RootAnswer",
            {
                "success": serializers.BooleanField(),
                "data": serializers.DictField(child=serializers.URLField()),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Return the addresses of what this API offers."""
        shut = set() if settings.OPEN_ENDPOINT else {"test-simple"}
        open_names = {key: name for key, name in LINKS.items() if name not in shut}
        return answer({key: reverse(name, request=request) for key, name in open_names.items()})


class SchemaView(SpectacularAPIView):
    """The OpenAPI document: in JSON, or in YAML for who asks for application/vnd.oai.openapi."""

    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
    ]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return it; there are no options, which the class above takes from the query."""
        return Response(document())


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, from our own files alone."""

    url_name = "schema"
    # There is no page about its options.
    http_method_names = ["get", "head"]


# drf-spectacular loads its extensions at the first call, and fails if two threads do so at once.
_making = Lock()


def document() -> dict[str, Any]:
    """Return the OpenAPI document, which is made once: that takes longer than any other answer."""
    with _making:
        return _document()


@cache
def _document() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # it has no types
    return made
