"""The entry of the browsable API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

if TYPE_CHECKING:
    from rest_framework.request import Request


class ApiRootView(APIView):
    """Where everything is."""

    permission_classes = [AllowAny]
    name = "Fediverse Hub"

    def get(self, request: Request) -> Response:
        """Return the addresses of what this API offers."""
        names = {"testSimple": "test-simple", "health": "health"}
        links = {key: reverse(name, request=request) for key, name in names.items()}
        return Response({"success": True, "links": links})
