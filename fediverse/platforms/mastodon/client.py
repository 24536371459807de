"""Asking a Mastodon server, and what its status codes mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urljoin, urlsplit

from fediverse.platforms.errors import (
    AuthRevoked,
    BadPayload,
    Permanent,
    PlatformError,
    RateLimited,
    Transient,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fediverse.platforms.base import Loads
    from fediverse.platforms.http import HttpClient, Reply
    from fediverse.platforms.records import Credentials

DEFAULT_WAIT_SECONDS: Final = 300.0
MAX_WAIT_SECONDS: Final = 3600.0
MAX_LINK: Final = 8192
MAX_MOMENT: Final = 64
NEXT: Final = re.compile(r';\s*rel\s*=\s*"?next\b', re.IGNORECASE)
JSON: Final = re.compile(r"application/([\w.-]+\+)?json\s*(;|$)", re.IGNORECASE)
UNAUTHORISED, TOO_MANY, SERVER_ERROR = 401, 429, 500


class MastodonClient:
    """Exchanges JSON with a server, as an account or as nobody."""

    def __init__(self, http: HttpClient, loads: Loads) -> None:
        self._http = http
        self._loads = loads

    def get(self, credentials: Credentials, url: str) -> tuple[object, str | None]:
        """Return the document at a URL, and the address of the next page if there is one.

        Raises what `error_of` says of the status, BadPayload for a body that does not call itself
        JSON or is none, and what the HTTP client raises.
        """
        reply = self._http.get(url, headers=_headers(credentials))
        return self._document(reply), next_page(url, reply.headers.get("link", ""))

    def post(
        self, credentials: Credentials, url: str, *, form: Mapping[str, str], key: str = ""
    ) -> object:
        """Send a form and return the document that is the answer. Raises what `get` raises.

        With a `key`, a server that knows Idempotency-Key does it once for each key.
        """
        headers = _headers(credentials) | {"Content-Type": "application/x-www-form-urlencoded"}
        if key:
            headers["Idempotency-Key"] = key
        return self._document(self._http.post(url, headers=headers, body=urlencode(form).encode()))

    def _document(self, reply: Reply) -> object:
        error = error_of(reply, now=datetime.now(UTC))
        if error:
            raise error
        if not JSON.match(reply.headers.get("content-type", "")):
            raise BadPayload("The answer does not call itself JSON.")
        try:
            return self._loads(reply.body)
        except ValueError as problem:
            raise BadPayload(f"The answer is not JSON that we take: {problem}") from problem


def _headers(credentials: Credentials) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if credentials.access_token:
        headers["Authorization"] = f"Bearer {credentials.access_token}"
    return headers


def error_of(reply: Reply, *, now: datetime) -> PlatformError | None:
    """Return what a status means. The body is not read: on errors it is often a page of HTML."""
    status = reply.status
    if status == TOO_MANY or (status >= SERVER_ERROR and "retry-after" in reply.headers):
        wait = wait_seconds(reply.headers, now=now)
        return RateLimited(f"The server asks us to wait ({status}).", retry_after=wait)
    if status >= SERVER_ERROR:
        return Transient(f"The server has trouble of its own ({status}).")
    if status == UNAUTHORISED:
        return AuthRevoked(f"The server does not take the token ({status}).")
    if not 200 <= status < 300:  # noqa: PLR2004  (the class of successes)
        return Permanent(f"The server refuses ({status}).")
    return None


def wait_seconds(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return how long to wait, from 0 to an hour; five minutes if the server does not say.

    Retry-After is seconds or a date (RFC 9110). X-RateLimit-Reset is a time in ISO 8601 on
    Mastodon, and seconds of the epoch on GoToSocial. Such a moment is counted from the server's
    own Date, for its clock may differ from ours.
    """
    there = _moment(headers.get("date", "")) or now
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = _seconds(headers.get(name, ""), now=there)
        if seconds is not None:
            return min(max(seconds, 0.0), MAX_WAIT_SECONDS)
    return DEFAULT_WAIT_SECONDS


def _seconds(text: str, *, now: datetime) -> float | None:
    if text.isascii() and text.isdigit() and len(text) < 12:  # noqa: PLR2004  (a sane number)
        number = float(text)
        # No server asks for a wait of thirty years: such a number is a moment.
        return number - now.timestamp() if number > 10**9 else number
    moment = _moment(text)
    return (moment - now).total_seconds() if moment else None


def _moment(text: str) -> datetime | None:
    if len(text) > MAX_MOMENT:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def next_page(url: str, link: str) -> str | None:
    """Return where a Link header's rel=next leads, if it is the same list of the same server."""
    found = _next_target(link)
    if found is None:
        return None
    try:
        target = urlsplit(urljoin(url, found))
        here = urlsplit(url)
    except ValueError:
        return None
    is_same = (target.scheme, target.netloc, target.path) == (here.scheme, here.netloc, here.path)
    return target.geturl() if is_same and target.query != here.query else None


def _next_target(link: str) -> str | None:
    # Cut and split, not one pattern over all of it: on a header of 100 KiB that took half a minute.
    for part in link[:MAX_LINK].split("<")[1:]:
        target, _, parameters = part.partition(">")
        if NEXT.search(parameters):
            is_plain = target.isascii() and target.isprintable() and " " not in target
            return target if is_plain else None
    return None
