"""Errors as problem documents (RFC 9457), with the `success: false` that old clients look for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, JsonResponse
from django.views import defaults
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, ValidationError
from rest_framework.views import exception_handler

from queues.api.errors import as_api_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse
    from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"


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
    }


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error of an API view as a problem document."""
    error = NotFound() if isinstance(error, Http404) else as_api_error(error)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, APIException):
        return response
    errors = list(_flatten(error.detail)) if isinstance(error, ValidationError) else []
    code = "invalid" if errors else str(getattr(error.detail, "code", error.default_code))
    detail = _sentence(errors) if errors else str(error.detail)
    response.data = problem(response.status_code, code, detail, errors)
    renderer = getattr(context.get("request"), "accepted_renderer", None)
    # The browsable API shows the same document inside a page of HTML.
    if renderer is None or renderer.format == "json":
        response.content_type = CONTENT_TYPE
    return response


def problem_response(status: int, code: str, detail: str) -> JsonResponse:
    """Return a problem outside of DRF's views."""
    return JsonResponse(problem(status, code, detail, []), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    if isinstance(exception, RequestDataTooBig):
        return problem_response(413, "payload_too_large", "The body is too large.")
    return problem_response(400, "bad_request", "The request is malformed.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    if is_admin(request):
        return defaults.permission_denied(request, exception)
    return problem_response(403, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    if is_admin(request):
        return defaults.page_not_found(request, exception)
    return problem_response(404, "not_found", "There is nothing here.")


def nowhere(request: HttpRequest) -> HttpResponse:
    """Answer every address that nothing else answers, whatever the method."""
    return not_found(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Says nothing of what broke; the log does."""
    return problem_response(500, "server_error", "Something broke here. It has been logged.")


def is_admin(request: HttpRequest) -> bool:
    """Say whether a person looks at the admin's pages, where HTML is expected."""
    return request.path.startswith("/admin/")


def _flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for value in detail:
            yield from _flatten(value, path)
    else:
        code = detail.code if isinstance(detail, ErrorDetail) else "invalid"
        yield {"field": path, "code": str(code), "message": str(detail)}


def _sentence(errors: list[dict[str, str]]) -> str:
    return " ".join(
        f"{error['field']}: {error['message']}" if error["field"] else error["message"]
        for error in errors
    )
