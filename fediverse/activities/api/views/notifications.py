from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.scopes import HUB_READ, HUB_WRITE
from fediverse.activities.api.serializers.notifications import (
    ClearedSerializer,
    ClearSerializer,
    NothingSerializer,
    NotificationFilterSerializer,
    NotificationSerializer,
)
from fediverse.activities.models import Notification
from fediverse.activities.services.notifying import clear, mark_read, notifications_of, remove
from queues.api.pagination import PARAMETERS, KeysetPagination
from queues.api.parameters import asked
from queues.api.schema import enveloped
from queues.api.scopes import owner_of
from queues.api.views.base import ApiView, answer

if TYPE_CHECKING:
    from rest_framework.request import Request


class NotificationListView(ApiView):
    """What you were told, newest first. `unread=true` leaves out what you have read."""

    name = "Notifications"
    scopes = {"GET": HUB_READ, "DELETE": HUB_WRITE}
    parameters = None
    # What the browsable API asks for; whose they are is known once there is a caller.
    queryset = Notification.objects.none()
    serializer_class = NotificationSerializer
    pagination_class = KeysetPagination

    @extend_schema(
        summary="List your notifications",
        parameters=[NotificationFilterSerializer],
        responses={200: NotificationSerializer(many=True)},
        tags=["Notifications"],
    )
    def get(self, request: Request) -> Response:
        """Return a page of them."""
        wanted = asked(request, NotificationFilterSerializer, beside=PARAMETERS)
        found = notifications_of(int(owner_of(request)), unread=wanted.get("unread"))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Delete your notifications",
        parameters=[ClearSerializer],
        request=None,
        responses={200: enveloped(ClearedSerializer)},
        tags=["Notifications"],
    )
    def delete(self, request: Request) -> Response:
        """Delete those that you have read with `read=true`, or all of them with `all=true`."""
        wanted = asked(request, ClearSerializer)
        deleted = clear(int(owner_of(request)), unread_too="all" in wanted)
        return answer(ClearedSerializer({"deleted": deleted}).data)


class NotificationView(ApiView):
    """A notification of yours."""

    name = "Notification"
    scopes = {"DELETE": HUB_WRITE}
    serializer_class = NothingSerializer

    @extend_schema(
        summary="Delete a notification",
        request=None,
        responses={204: None},
        tags=["Notifications"],
    )
    def delete(self, request: Request, id: str) -> Response:  # noqa: A002  (its name in the address)
        """Delete it. Other people's are not found."""
        try:
            remove(int(owner_of(request)), int(id))
        except Notification.DoesNotExist as error:
            raise Http404 from error
        return Response(status=204)


class NotificationReadView(ApiView):
    """Note that you have read a notification. The first time counts."""

    name = "Read a notification"
    scopes = {"POST": HUB_WRITE}
    serializer_class = NothingSerializer

    @extend_schema(
        summary="Mark a notification as read",
        request=None,
        responses={200: enveloped(NotificationSerializer)},
        tags=["Notifications"],
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  (its name in the address)
        """Return the notification. Other people's are not found. The body has no fields."""
        self.valid(request)
        try:
            read = mark_read(int(owner_of(request)), int(id))
        except Notification.DoesNotExist as error:
            raise Http404 from error
        return answer(NotificationSerializer(read).data)
