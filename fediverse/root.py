"""The entry of the browsable API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M3 4 13 4 8 13Z" fill="none" stroke="#9333ea"/>'
    '<g fill="#9333ea"><circle cx="3" cy="4" r="2"/><circle cx="13" cy="4" r="2"/>'
    '<circle cx="8" cy="13" r="2"/></g></svg>'
)


@cache_control(max_age=86_400, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Return three linked circles."""
    return HttpResponse(ICON, content_type="image/svg+xml")


class ApiRootView(APIView):
    """Where everything is."""

    permission_classes = [AllowAny]
    name = "Fediverse Hub"

    def get(self, request: Request) -> Response:
        """Return the addresses of what this API offers."""
        names = {"testSimple": "test-simple"} if settings.OPEN_ENDPOINT else {}
        names["health"] = "health"
        links = {key: reverse(name, request=request) for key, name in names.items()}
        return Response({"success": True, "links": links})
