"""Signing in with name and password, for those who have no page to do it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.views.decorators.debug import sensitive_variables

from accounts.addresses import client_address
from accounts.lockout import seconds_left
from accounts.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


class WrongCredentialsError(Exception):
    """No such user, not their password, or not active: which of them is not said."""


class LockedOutError(Exception):
    """Too many wrong passwords for the name from this address; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many wrong passwords for this name; try again in {wait} seconds.")
        self.wait = wait


@sensitive_variables("password")
def sign_in(request: Request | HttpRequest, username: str, password: str) -> User:
    """Return the user whose password it is. Raises WrongCredentialsError, or LockedOutError."""
    # axes leaves its marks on whatever is given to it, and reads of it what both requests have.
    marked: Any = request
    user = authenticate(marked, username=username, password=password)
    if getattr(marked, "axes_locked_out", False):
        raise LockedOutError(seconds_left(username, client_address(request)))
    if not isinstance(user, User):
        raise WrongCredentialsError
    # Ends the count of wrong passwords, and notes when the user was last here.
    user_logged_in.send(sender=User, request=request, user=user)
    return user
