"""What goes wrong in the views of the API, as problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, ValidationError
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.views import exception_handler

from fediverse.problems import CONTENT_TYPE, OUTAGE, RETRY_SECONDS, problem
from queues.api.errors import Unavailable, as_api_error
from queues.api.parsers import PayloadTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.request import Request
    from rest_framework.response import Response

# What Django says of a body that it cannot read. Its own handler would log each with a traceback.
MALFORMED: Final = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)


class Malformed(APIException):
    """A request that cannot be read."""

    status_code = 400
    default_code = "bad_request"
    default_detail = "The request is malformed."


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error of an API view as a problem document."""
    error = _as_api_error(error)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, APIException):
        return response
    errors = list(_flatten(error.detail)) if isinstance(error, ValidationError) else []
    code = "invalid" if errors else str(getattr(error.detail, "code", error.default_code))
    detail = _sentence(errors) if errors else str(error.detail)
    response.data = problem(response.status_code, code, detail, errors)
    # The browsable API shows the same document inside a page of HTML, which needs the database.
    if isinstance(error, Unavailable) or not _shows_pages(context.get("request")):
        _answer_json(response, context.get("request"))
    return response


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, OUTAGE):
        return _unavailable()
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge("The body is too large.")
    if isinstance(error, MALFORMED):
        return Malformed()
    return as_api_error(error)


def _unavailable() -> Unavailable:
    error = Unavailable()
    # DRF's own handler writes it into Retry-After.
    error.wait = RETRY_SECONDS  # type: ignore[attr-defined]
    return error


def _shows_pages(request: Request | None) -> bool:
    return isinstance(getattr(request, "accepted_renderer", None), BrowsableAPIRenderer)


def _answer_json(response: Response, request: Request | None) -> None:
    """Answer a problem in JSON, whatever the view's own renderers are."""
    response.content_type = CONTENT_TYPE
    if request is not None:
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type


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
