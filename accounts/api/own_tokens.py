"""The tokens that a caller has: listing and revoking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.api.authentication import TokenAuth
from accounts.api.serializers import TokenSerializer
from accounts.api.views import TAGS
from accounts.models import ApiToken
from accounts.services.tokens import revoke, tokens_of
from queues.api.pagination import KeysetPagination
from queues.api.scopes import owner_of
from queues.api.views.base import ApiView, acting

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


def visible_to(request: Request) -> QuerySet[ApiToken]:
    """Return what exists for a caller: their tokens if they signed in, or the one they came with.

    So nobody who has one token learns of the others, or ends them.
    """
    found = tokens_of(int(owner_of(request)))
    if request.auth is None:
        return found
    if isinstance(request.auth, TokenAuth):
        return found.filter(pk=request.auth.token.pk)
    return found.none()


class TokenListView(ApiView):
    """Your tokens, newest first; with a token, that one alone.

    Those that ended are shown with what ended them: the newest 100, and for 90 days.
    """

    name = "API tokens"
    # What the browsable API asks for; whose they are is known once there is a caller.
    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    pagination_class = KeysetPagination

    @extend_schema(
        summary="List your tokens", responses={200: TokenSerializer(many=True)}, tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """Return a page of them. None shows its secret."""
        page = self.paginate_queryset(visible_to(request))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class OwnTokenView(ApiView):
    """One of your tokens, by its id."""

    name = "An API token"

    @extend_schema(
        summary="Revoke one of your tokens", request=None, responses={204: None}, tags=TAGS
    )
    def delete(self, request: Request, token: str) -> Response:
        """End it at once. One that ended before is left as it is.

        With a token, no other one is found.
        """
        try:
            with acting(request):
                revoke(visible_to(request).get(public_id=token))
        except ApiToken.DoesNotExist as error:
            raise Http404 from error
        return Response(status=204)
