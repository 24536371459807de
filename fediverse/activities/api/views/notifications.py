from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.scopes import HUB_READ, HUB_WRITE
from fediverse.activities.api.serializers.notifications import NotificationSerializer
from fediverse.activities.models import Notification
from fediverse.activities.services.notifying import mark_read, notifications_of
from queues.api.pagination import PARAMETERS, KeysetPagination
from queues.api.parameters import given, refuse_unknown
from queues.api.schema import enveloped
from queues.api.scopes import owner_of
from queues.api.views.base import ApiView, answer

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

UNREAD: Final = "unread"
WORDS: Final = {"true": True, "false": False}


class NotificationListView(ApiView):
    """What you were told, newest first. `unread=true` leaves out what you have read."""

    scopes = {"GET": HUB_READ}
    parameters = None
    serializer_class = NotificationSerializer
    pagination_class = KeysetPagination

    def get_view_name(self) -> str:
        return "Notifications"

    def get_queryset(self) -> QuerySet[Notification]:
        # Also asked for while the OpenAPI document is made, when nobody calls.
        if not self.request.user.is_authenticated:
            return Notification.objects.none()
        return notifications_of(self.request.user.pk, unread=_unread(self.request))

    @extend_schema(
        summary="List your notifications",
        parameters=[
            OpenApiParameter(UNREAD, bool, description="Only those (not) read yet."),
        ],
        responses={200: NotificationSerializer(many=True)},
        tags=["notifications"],
    )
    def get(self, request: Request) -> Response:
        """Return a page of them."""
        refuse_unknown(request, [UNREAD, *PARAMETERS])
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class NotificationReadView(ApiView):
    """Note that you have read a notification. The first time counts."""

    scopes = {"POST": HUB_WRITE}
    serializer_class = serializers.Serializer

    def get_view_name(self) -> str:
        return "Read a notification"

    @extend_schema(
        summary="Mark a notification as read",
        request=None,
        responses={200: enveloped(NotificationSerializer)},
        tags=["notifications"],
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  (its name in the address)
        """Return the notification. Other people's are not found."""
        try:
            read = mark_read(int(owner_of(request)), int(id))
        except Notification.DoesNotExist as error:
            raise Http404 from error
        return answer(NotificationSerializer(read).data)


def _unread(request: Request) -> bool | None:
    word: Any = given(request).get(UNREAD)
    if word is not None and word not in WORDS:
        raise ValidationError({UNREAD: ["Neither; allowed: true, false."]})
    return WORDS.get(word)
