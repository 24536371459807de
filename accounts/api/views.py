from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from accounts.addresses import client_address
from accounts.api.authentication import TokenAuth
from accounts.api.errors import as_api_error
from accounts.api.serializers import CallerSerializer, NewTokenSerializer, SignInSerializer
from accounts.lockout import SIGN_INS
from accounts.models import ApiToken
from accounts.scopes import SCOPES
from accounts.services.signing_in import LockedOutError, WrongCredentialsError, sign_in
from accounts.services.tokens import TokenError, create_token, revoke
from queues.api.errors import Conflict, TooMany
from queues.api.schema import enveloped
from queues.api.scopes import HasScope, has_scope
from queues.api.views.base import ApiView, acting, answer
from queues.audit import Door, acting_as
from queues.throttle import take

if TYPE_CHECKING:
    from rest_framework.authentication import BaseAuthentication
    from rest_framework.permissions import BasePermission
    from rest_framework.request import Request

TAGS: Final = ["Signing in"]


class TokenView(ApiView):
    """A token for the header `Authorization: Bearer …`.

    Sign in with POST to get one, ask with GET who a token is, and end it with DELETE.
    """

    serializer_class = SignInSerializer

    def get_view_name(self) -> str:
        return "API token"

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return none for who is about to sign in: an old token in the header is no obstacle."""
        return [] if self._signs_in() else super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny()] if self._signs_in() else [HasScope()]

    @extend_schema(
        summary="Who am I?",
        responses={200: enveloped(CallerSerializer)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return who the caller is, and what their token is for."""
        return answer(CallerSerializer(_caller(request)).data)

    @extend_schema(
        summary="Sign in",
        request=SignInSerializer,
        responses={201: enveloped(NewTokenSerializer)},
        auth=[],
        tags=TAGS,
        examples=[
            OpenApiExample(
                "A token that only reads",
                {"username": "ada", "password": "…", "scopes": ["queue:read"], "days": 7},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Return a new token for a name and a password. It cannot be shown again.

        `queue:manage` is for operators. Some thirty tries a minute are let in from an address.
        """
        # No Idempotency-Key here: the token would be kept with its answer.
        wait = take(f"sign-in:{client_address(request)}", SIGN_INS)
        if wait:
            raise TooMany("Too many tries to sign in from your address.", wait=math.ceil(wait))
        response = answer(NewTokenSerializer(self._made(request)).data, status=201)
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(summary="Revoke the token", request=None, responses={204: None}, tags=TAGS)
    def delete(self, request: Request) -> Response:
        """End the token that this request was made with."""
        if not isinstance(request.auth, TokenAuth):
            raise Conflict("You did not come with a token, so there is none to revoke.")
        with acting(request):
            revoke(request.auth.token)
        return Response(status=204)

    def _signs_in(self) -> bool:
        # There is no request yet while drf-spectacular looks.
        return getattr(self.request, "method", None) == "POST"

    def _made(self, request: Request) -> dict[str, object]:
        given = self.valid(request)
        try:
            user = sign_in(request, given.pop("username"), given.pop("password"))
            with acting_as(user.get_username(), Door.API):
                token, text = create_token(user, source=ApiToken.Source.SIGN_IN, **given)
        except (WrongCredentialsError, LockedOutError, TokenError) as error:
            raise as_api_error(error) from error
        return {"token": text, "scopes": token.scopes, **_described(token)}


def _caller(request: Request) -> dict[str, Any]:
    auth = request.auth
    return {
        "username": request.user.get_username(),
        "scopes": [scope for scope in SCOPES if has_scope(request, scope)],
        **_described(auth.token if isinstance(auth, TokenAuth) else None),
    }


def _described(token: ApiToken | None) -> dict[str, object]:
    return {
        "id": token and token.public_id,
        "name": token and token.name,
        "expiresAt": token and token.expires_at,
    }
