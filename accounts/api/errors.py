"""What is answered to those who cannot sign in."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError

from accounts.api.authentication import CHALLENGE
from accounts.services.signing_in import LockedOutError, WrongCredentialsError
from accounts.services.tokens import NotAllowedError, TokenError
from queues.api.errors import TooMany


class WrongCredentials(APIException):
    """DRF's own would become a 403 where nobody needs to sign in."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_code = "wrong_credentials"
    default_detail = "Name or password is wrong, or the user is not active."
    # DRF's own handler writes it into WWW-Authenticate.
    auth_header = CHALLENGE


class ScopeNotAllowed(PermissionDenied):
    """A scope that the user may not have."""

    default_code = "scope_not_allowed"


Refusal = WrongCredentialsError | LockedOutError | TokenError


def as_api_error(error: Refusal) -> APIException:
    """Return what a refusal means to a caller."""
    if isinstance(error, WrongCredentialsError):
        return WrongCredentials()
    if isinstance(error, LockedOutError):
        return TooMany(str(error), wait=error.wait, code="locked_out")
    if isinstance(error, NotAllowedError):
        return ScopeNotAllowed(str(error))
    return ValidationError({error.field: [str(error)]})
