"""What holds for every answer: what a browser may load, who may keep it, what an error is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseNotAllowed
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import patch_vary_headers

from fediverse.problems import OUTAGE, is_admin, is_page, outage, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    GetResponse = Callable[[HttpRequest], HttpResponse]

_DIRECTIVES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)
PAGE: Final = "; ".join(_DIRECTIVES)
# Unfold's pages run Alpine, which compiles the expressions in its attributes.
ADMIN: Final = PAGE.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")
# The pages of people's accounts have one stylesheet, and no script at all.
ACCOUNT: Final = PAGE.replace("script-src 'self'; ", "").replace(" 'unsafe-inline'", "")
DOCUMENT: Final = "default-src 'none'; frame-ancestors 'none'"
SCHEMA: Final = "/api/schema"
# What an answer of the API depends on, besides its address.
VARY: Final = ("Accept", "Authorization", "Cookie")


class ContentSecurityPolicyMiddleware:
    """Sets the Content-Security-Policy: a document loads nothing, the admin's pages most.

    Outside of SecurityMiddleware, so nosniff is set here too, for what never comes to that.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request, response))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


class PrivateAnswersMiddleware:
    """Lets nobody keep what the API answers. The OpenAPI document, which is no secret, may be kept.

    ETags go on working for clients that keep answers themselves; a browser no longer does.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.path.startswith("/api"):
            kept = request.path.rstrip("/") == SCHEMA
            response.headers["Cache-Control"] = "private, no-cache" if kept else "no-store"
            patch_vary_headers(response, VARY)
        return response


class ProblemsMiddleware:
    """Makes problem documents of what is none where no view of DRF answers."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not is_page(request):
            detail = f"{request.method} is not allowed here."
            allowed = {"Allow": response.headers["Allow"]}
            return problem_response(405, "method_not_allowed", detail, allowed)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an outage in views that are not DRF's, and while a page is rendered."""
        return outage(request) if isinstance(error, OUTAGE) else None


class ConditionalDocumentsMiddleware(ConditionalGetMiddleware):
    """Gives documents an ETag, and answers 304 to who has them. Pages carry tokens that change."""

    def needs_etag(self, response: HttpResponseBase) -> bool:
        """Return whether it is a document that was found, and may be kept."""
        is_document = response.status_code == HTTPStatus.OK and not _is_html(response)
        return is_document and bool(super().needs_etag(response))


def _policy(request: HttpRequest, response: HttpResponse) -> str:
    if is_admin(request):
        return ADMIN
    if request.path.startswith("/account"):
        return ACCOUNT
    return PAGE if _is_html(response) else DOCUMENT


def _is_html(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")
