"""What is let in: refusals before anything else of a request runs, and /health beside it all."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from django.core.exceptions import DisallowedHost

from fediverse.admission import HEALTH_PATH, REFUSAL, TOO_SLOW, most_bytes
from fediverse.health import health
from fediverse.problems import RETRY_SECONDS, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)

# Digits of a Content-Length; with more, Python would refuse to read it as a number.
MAX_DIGITS: Final = 18
# Cookies of ours have none. Python before 3.11.10 and 3.12.6 takes time by the square of their
# number to unquote what has some: seconds for 32 KB.
MAX_BACKSLASHES: Final = 100
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]*)", re.IGNORECASE)
CHARSETS: Final = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


class RequestGuardMiddleware:
    """Refuses requests that nothing behind it could answer well, before any of it runs.

    What `fediverse.admission` did not let in comes first (408, 503). A body without a length would
    be taken for an empty one (411), one beyond the limit is not read (413), a NUL in address or
    cookies would become a database error (400), cookies full of backslashes take long to read
    (400), and Django decodes forms and queries by whatever codec of Python a charset names (415).
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
        if is_health(request):
            return health(request)
        return self._get_response(request)


def is_health(request: HttpRequest) -> bool:
    return request.path.rstrip("/") == HEALTH_PATH


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the problem to answer with, or None if the request may go on."""
    if why := request.META.get(REFUSAL):
        return _not_admitted(why)
    address = unquote(request.META.get("QUERY_STRING", "")) + request.path
    if "\x00" in address:
        return problem_response(400, "nul_character", "The address holds the character NUL.")
    if request.META.get("HTTP_COOKIE", "").count("\\") > MAX_BACKSLASHES:
        return problem_response(400, "bad_request", "The cookies hold too many backslashes.")
    if any("\x00" in part for cookie in request.COOKIES.items() for part in cookie):
        return problem_response(400, "nul_character", "A cookie holds the character NUL.")
    return _wrong_host(request) or _wrong_body(request)


def _not_admitted(why: str) -> HttpResponse:
    if why == TOO_SLOW:
        return problem_response(408, "request_timeout", "The body did not come in time.")
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem_response(503, "busy", "Too much is going on here; try again.", headers)


def _wrong_host(request: HttpRequest) -> HttpResponse | None:
    if is_health(request):
        return None
    try:
        request.get_host()
    except DisallowedHost as error:
        # Left to Django, each is logged with a traceback, and shown as a page where DEBUG is on.
        logger.warning("Refused a host: %s", str(error)[:200])
        return problem_response(400, "bad_host", "This site does not go by that host name.")
    return None


def _wrong_body(request: HttpRequest) -> HttpResponse | None:
    most = most_bytes(request.path)
    length = request.META.get("CONTENT_LENGTH") or "0"
    charset = _CHARSET.search(request.META.get("CONTENT_TYPE", ""))
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return problem_response(411, "length_required", "Send the body with a Content-Length.")
    if not (length.isascii() and length.isdecimal()):
        return problem_response(400, "bad_request", "Content-Length is not a number.")
    if len(length) > MAX_DIGITS or int(length) > most:
        return problem_response(413, "payload_too_large", f"The body is larger than {most} bytes.")
    if charset and charset[1].lower() not in CHARSETS:
        return problem_response(415, "unsupported_media_type", "Send text in UTF-8.")
    return None
