"""Whether somebody who was let in would be let in again: for answers that go on for minutes."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user
from django.db import InterfaceError, OperationalError, connections
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from queues.api.scopes import has_scope, sees_all

if TYPE_CHECKING:
    from collections.abc import Callable


def lets_in(request: Request, scope: str) -> Callable[[], bool]:
    """Return what says whether the caller still is who they were, and may do what they could.

    It asks as if the request came now: a token may have been revoked, a session ended, a user
    deactivated. Where Postgres does not answer, nobody is let in. It holds no connection.
    """
    user, shows_all = request.user.pk, sees_all(request)

    def still() -> bool:
        try:
            now = _again(request)
            is_same = now.user.is_authenticated and now.user.pk == user
            return is_same and has_scope(now, scope) and sees_all(now) == shows_all
        except (APIException, OperationalError, InterfaceError):
            return False
        finally:
            connections.close_all()

    return still


def _again(request: Request) -> Request:
    """Return the request as it would come in now, with what it was sent with, and no memory."""
    fresh = copy.copy(request._request)  # noqa: SLF001  (DRF has no other name for it)
    sessions = import_module(settings.SESSION_ENGINE)
    fresh.session = sessions.SessionStore(fresh.COOKIES.get(settings.SESSION_COOKIE_NAME))
    fresh.user = get_user(fresh)
    return Request(fresh, authenticators=request.authenticators)  # type: ignore[arg-type]  # as they were
