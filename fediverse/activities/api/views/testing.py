from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema

from fediverse.activities.api.adding import add
from fediverse.activities.api.serializers.testing import (
    AddedSerializer,
    ContentAggregationSerializer,
    NotificationTestSerializer,
    UserActionSerializer,
)
from fediverse.activities.payloads import FetchAllPosts, FetchPosts, Notify, PerformAction
from fediverse.activities.payloads.fetching import FETCH_ALL
from queues.api.schema import enveloped
from queues.api.scopes import WRITE
from queues.api.views.base import ApiView, once

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.arguments import Arguments


class AddingView(ApiView):
    """A view that adds one job of the caller's."""

    scopes = {"POST": WRITE}
    is_idempotent = True

    def add(self, request: Request) -> Response:
        """Carry the request out, once for each Idempotency-Key."""
        said = self.valid(request)
        options = said.pop("options")
        return once(request, lambda: add(request, self.arguments_for(said), said, options))

    def arguments_for(self, said: dict[str, Any]) -> type[Arguments]:
        """Return what the job is told with."""
        raise NotImplementedError


class ContentAggregationView(AddingView):
    """Add a job that fetches the newest posts of your linked accounts.

    `options` are those of any job, and `options.data` more of what it is told: `accountId` for one
    account alone, and `feed`, which is `home` or `public`.
    """

    name = "Test content aggregation"
    serializer_class = ContentAggregationSerializer

    def arguments_for(self, said: dict[str, Any]) -> type[Arguments]:
        return FetchAllPosts if said["action"] == FETCH_ALL else FetchPosts

    @extend_schema(
        summary="Add a job that fetches posts",
        request=ContentAggregationSerializer,
        responses={200: enveloped(AddedSerializer, "message")},
        tags=["Test"],
        examples=[
            OpenApiExample(
                "In five seconds",
                {"action": "fetch-posts", "options": {"delay": 5000, "priority": 1}},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer with the job once it is stored."""
        return self.add(request)


class NotificationTestView(AddingView):
    """Add a job that tells you something: it is then in your notifications."""

    name = "Test notifications"
    serializer_class = NotificationTestSerializer

    def arguments_for(self, said: dict[str, Any]) -> type[Arguments]:
        return Notify

    @extend_schema(
        summary="Add a job that notifies",
        request=NotificationTestSerializer,
        responses={200: enveloped(AddedSerializer, "message")},
        tags=["Test"],
        examples=[OpenApiExample("A word", {"message": "Hello"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Answer with the job once it is stored."""
        return self.add(request)


class UserActionView(AddingView):
    """Add a job that likes, answers or shares a post by your linked account.

    With several accounts on a platform, name one as `options.data.accountId`. The text of an answer
    is `options.data.text`.
    """

    name = "Test user actions"
    serializer_class = UserActionSerializer

    def arguments_for(self, said: dict[str, Any]) -> type[Arguments]:
        return PerformAction

    @extend_schema(
        summary="Add a job that acts on a post",
        request=UserActionSerializer,
        responses={200: enveloped(AddedSerializer, "message")},
        tags=["Test"],
        examples=[
            OpenApiExample("Like", {"action": "like-post", "targetId": "1"}, request_only=True),
            OpenApiExample(
                "Answer",
                {
                    "action": "comment-post",
                    "targetId": "1",
                    "options": {"data": {"text": "Well said."}},
                },
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer with the job once it is stored."""
        return self.add(request)
