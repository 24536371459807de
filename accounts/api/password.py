"""Changing a password over the API."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from accounts.addresses import client_address
from accounts.api.errors import as_api_error
from accounts.api.serializers import NewPasswordSerializer
from accounts.api.views import TAGS
from accounts.lockout import SIGN_INS
from accounts.services.passwords import change_password
from accounts.services.signing_in import LockedOutError, WrongCredentialsError, sign_in
from queues.api.errors import TooMany
from queues.api.views.base import ApiView
from queues.audit import Door, acting_as
from queues.throttle import take

if TYPE_CHECKING:
    from rest_framework.permissions import BasePermission
    from rest_framework.request import Request


class PasswordView(ApiView):
    """Your password, which you change by giving the old one. No token is needed, and none helps."""

    name = "Password"
    authentication_classes = ()
    serializer_class = NewPasswordSerializer

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny()]

    @extend_schema(
        summary="Change your password",
        request=NewPasswordSerializer,
        responses={204: None},
        auth=[],
        tags=TAGS,
        examples=[
            OpenApiExample(
                "A new password",
                {"username": "ada", "oldPassword": "…", "newPassword": "…"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Change it. All your tokens and sessions end.

        Wrong old passwords count as at signing in: ten lock the name out for your address.
        """
        wait = take(f"sign-in:{client_address(request)}", SIGN_INS)
        if wait:
            raise TooMany("Too many tries to sign in from your address.", wait=math.ceil(wait))
        given = self.valid(request)
        try:
            user = sign_in(request, given["username"], given["oldPassword"])
            with acting_as(user.get_username(), Door.API):
                change_password(user, old=given["oldPassword"], new=given["newPassword"])
        except (WrongCredentialsError, LockedOutError) as error:
            raise as_api_error(error) from error
        except DjangoValidationError as error:
            raise ValidationError({"newPassword": _messages(error)}) from error
        return Response(status=204)


def _messages(error: DjangoValidationError) -> list[ErrorDetail]:
    return [
        ErrorDetail(message, code=one.code or "invalid")
        for one in error.error_list
        for message in one.messages
    ]
