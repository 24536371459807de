"""Problem documents (RFC 9457), with the `success: false` that old clients look for.

Here they are made, and Django's own errors answered; `fediverse.exceptions` is for DRF's views.
"""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.views import csrf, defaults
from django.views.decorators.csrf import csrf_exempt

from fediverse import request_ids
from queues.api.errors import Unavailable

if TYPE_CHECKING:
    from django.http import HttpRequest

CONTENT_TYPE: Final = "application/problem+json"
# Postgres is gone, hangs, or has no connection left.
OUTAGE: Final = (OperationalError, InterfaceError)
RETRY_SECONDS: Final = 5


def problem(status: int, code: str, detail: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    """Return a problem document. `code` is stable; `errors` name a field each."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "success": False,
        "code": code,
        "detail": detail,
        "errors": errors,
        "requestId": request_ids.current(),
    }


def problem_response(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> JsonResponse:
    """Return a problem outside of DRF's views."""
    document = problem(status, code, detail, [])
    return JsonResponse(document, status=status, content_type=CONTENT_TYPE, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    if isinstance(exception, RequestDataTooBig):
        return problem_response(413, "payload_too_large", "The body is too large.")
    return problem_response(400, "bad_request", "The request is malformed.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    if is_page(request):
        return defaults.permission_denied(request, exception)
    return problem_response(403, "permission_denied", "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    if is_page(request):
        return csrf.csrf_failure(request, reason)
    return problem_response(403, "csrf_failed", f"A form of this site was expected. {reason}")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    if is_page(request):
        return defaults.page_not_found(request, exception)
    return problem_response(404, "not_found", "There is nothing here.")


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """Answer every address that nothing else answers, whatever the method."""
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Says nothing of what broke; the log does."""
    if isinstance(sys.exc_info()[1], OUTAGE):
        return outage(request)
    return problem_response(500, "server_error", "Something broke here. It has been logged.")


def outage(request: HttpRequest) -> HttpResponse:
    """Say that Postgres is away, and when to ask again."""
    headers, detail = {"Retry-After": str(RETRY_SECONDS)}, Unavailable.default_detail
    if is_page(request):
        return HttpResponse(detail, status=503, content_type="text/plain", headers=headers)
    return problem_response(503, Unavailable.default_code, detail, headers)


def is_admin(request: HttpRequest) -> bool:
    """Say whether a person looks at the admin's pages."""
    return request.path.startswith("/admin/")


def is_page(request: HttpRequest) -> bool:
    """Say whether a person looks at one of Django's own pages, where HTML is expected."""
    return request.path.startswith(("/admin/", "/api-auth/", "/account"))
