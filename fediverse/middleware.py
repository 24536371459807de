"""What holds for every request: what is let in, and what a browser may load."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.conf import settings

from fediverse.exceptions import is_admin, problem_response
from fediverse.health import health

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    GetResponse = Callable[[HttpRequest], HttpResponse]

HEALTH_PATH = "/health"
BULK_PATH = "/api/queue/jobs/bulk"
_DIRECTIVES = (
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
STRICT = "; ".join(_DIRECTIVES)
# Unfold's pages run Alpine, which compiles the expressions in its attributes.
ADMIN = STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")


class ContentSecurityPolicyMiddleware:
    """Sets the Content-Security-Policy: strict, and a little looser for the admin."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault(
            "Content-Security-Policy", ADMIN if is_admin(request) else STRICT
        )
        return response


class RequestGuardMiddleware:
    """Refuses requests that nothing behind it could answer well, before any of it runs.

    A body without a length would be taken for an empty one (411), one beyond the limit is not read
    (413), and a NUL in path or query would become a database error (400).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return refusal(request) or self._get_response(request)


class HealthMiddleware:
    """Answers /health whatever the Host header says: balancers ask by address."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.rstrip("/") == HEALTH_PATH:
            return health(request)
        return self._get_response(request)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the problem to answer with, or None if the request may go on."""
    is_bulk = request.path.rstrip("/") == BULK_PATH
    most = settings.API_MAX_BULK_BYTES if is_bulk else settings.API_MAX_BODY_BYTES
    length = request.META.get("CONTENT_LENGTH") or "0"
    if "\x00" in unquote(request.META.get("QUERY_STRING", "")) or "\x00" in request.path:
        return problem_response(400, "nul_character", "The address holds the character NUL.")
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return problem_response(411, "length_required", "Send the body with a Content-Length.")
    if not length.isdecimal():
        return problem_response(400, "bad_request", "Content-Length is not a number.")
    if int(length) > most:
        return problem_response(413, "payload_too_large", f"The body is larger than {most} bytes.")
    return None
