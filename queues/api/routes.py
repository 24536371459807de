"""Addresses of the API, each with and without a slash at its end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.urls import re_path

if TYPE_CHECKING:
    from django.urls import URLPattern
    from rest_framework.views import APIView

# What stands for each name within a route. An id has no more digits than Postgres takes.
PARTS: Final = {
    "id": "[0-9]{1,18}",
    "queue": "[^/]+",
    "schedule": ".+?",
    "fingerprint": "[0-9a-f]{16}",
    "token": "[0-9a-f]{16}",
}
_PART: Final = re.compile("<([a-z]+)>")


def route(pattern: str, view: type[APIView], name: str, **initial: Any) -> URLPattern:
    """Return the address of a view, such as `jobs/<id>/retry`."""
    regex = _PART.sub(lambda part: f"(?P<{part[1]}>{PARTS[part[1]]})", pattern)
    return re_path(rf"^{regex}/?$", view.as_view(**initial), name=name)
