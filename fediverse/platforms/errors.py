"""What can go wrong with another server, by what the caller should do about it. Pure."""

from __future__ import annotations


class PlatformError(Exception):
    """Any trouble with another server. The message never holds a token."""


class Transient(PlatformError):  # noqa: N818  (these are named for what they mean)
    """May pass by itself: no connection, no answer in time, a server's own error."""


class RateLimited(PlatformError):  # noqa: N818
    """Asked too often. `retry_after` is in seconds, and not negative."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AuthRevoked(PlatformError):  # noqa: N818
    """The token is of no use: its owner must sign in again."""


class Permanent(PlatformError):  # noqa: N818
    """Will be the same next time: not found, not allowed, not understood."""


class BadPayload(Permanent):
    """The answer cannot be read."""


class Refused(PlatformError):  # noqa: N818
    """We do not speak to this address, or do not take this answer: a redirect, a giant."""
