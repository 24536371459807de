"""Who calls: an API token in the header `Authorization`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.services import tokens

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import ApiToken, User

CHALLENGE: Final = 'Bearer realm="api"'
_HEADER: Final = re.compile(r"(?:bearer|token) +([\x21-\x7e]{1,200})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class TokenAuth:
    """`request.auth` of who came with a token."""

    token: ApiToken

    @cached_property
    def scopes(self) -> frozenset[str]:
        """What the token is for, as of now."""
        return tokens.effective_scopes(self.token)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer fh_…`, or `Token fh_…`."""

    def authenticate(self, request: Request) -> tuple[User, TokenAuth] | None:
        """Return who calls, or None without the header. Raises AuthenticationFailed.

        The header is matched as it came: whatever else it may hold reaches no database.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        match = _HEADER.fullmatch(header)
        if match is None:
            raise AuthenticationFailed("The header Authorization must read: Bearer <token>.")
        try:
            token = tokens.authenticate(match[1])
        except tokens.RefusedError as error:
            raise AuthenticationFailed(str(error), code=error.code) from error
        return token.user, TokenAuth(token)

    def authenticate_header(self, request: Request) -> str:
        """Return what goes into `WWW-Authenticate`, so that nobody known is a 401."""
        return CHALLENGE
