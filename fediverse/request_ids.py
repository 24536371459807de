"""One id for each request: in its answer, in its problem document, in its lines of the log."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from django.core.signals import request_finished
from structlog.contextvars import bind_contextvars, get_contextvars, unbind_contextvars

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"
NAME: Final = "request_id"
_GOOD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def current() -> str:
    """Return the id of the request that is being answered; empty outside of one."""
    return str(get_contextvars().get(NAME, ""))


class RequestIdMiddleware:
    """Sets `request.request_id`: the caller's own X-Request-ID if it is one, else a new one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if _GOOD.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]  # for views and services
        bind_contextvars(**{NAME: request_id})
        response = self._get_response(request)
        response.headers[HEADER] = request_id
        return response


def forget(**_signal: Any) -> None:
    """End a request's binding. Not in the middleware: Django logs, and streams, after it."""
    unbind_contextvars(NAME)


request_finished.connect(forget, dispatch_uid="fediverse.request_ids")
