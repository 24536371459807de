"""What happens to jobs, for those who look on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer

from queues.api.errors import Unavailable
from queues.api.event_stream import EventStream, Look, blocks
from queues.api.lasting import lets_in
from queues.api.parameters import asked
from queues.api.renderers import EventStreamRenderer
from queues.api.scopes import READ, owner_of, sees_all
from queues.api.serializers.events import EventsAnswerSerializer, LookSerializer
from queues.api.views.base import ApiView, answer
from queues.conf import event_seconds, event_viewers, events_are_on
from queues.transport.events import EventIdError, RedisError, check_id, latest, newest, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http.response import HttpResponseBase
    from rest_framework.request import Request
    from rest_framework.response import Response

MOST_AT_ONCE: Final = 100
LAST_EVENT_ID: Final = "Last-Event-ID"
HEADERS: Final = {
    "Cache-Control": "no-cache",
    # nginx would keep events back until it has a few kilobytes of them.
    "X-Accel-Buffering": "no",
}


class EventsOff(APIException):
    """Nothing is published."""

    status_code = 404
    default_code = "events_off"
    default_detail = "Events are switched off here (QUEUE_EVENTS)."


class EventsAway(Unavailable):
    """Redis does not answer."""

    default_code = "events_unavailable"
    default_detail = "Events cannot be read just now; try again."
    # DRF writes it into Retry-After.
    wait = 2


class EventsView(ApiView):
    """What happens to jobs, as hints: an event may be lost, late or out of order.

    Look at the jobs themselves for what is true.
    """

    name = "Events"
    scopes = {"GET": READ}
    parameters = None
    renderer_classes = (*ApiView.renderer_classes, EventStreamRenderer)
    serializer_class = EventsAnswerSerializer

    @extend_schema(
        summary="Watch or read events",
        parameters=[
            LookSerializer,
            OpenApiParameter(
                LAST_EVENT_ID,
                location=OpenApiParameter.HEADER,
                description="As `after`, and before it. Browsers send it when they come back.",
            ),
        ],
        responses={
            (200, "application/json"): EventsAnswerSerializer,
            (200, "text/event-stream"): OpenApiTypes.STR,
        },
        tags=["Events"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """A stream of server-sent events for who accepts `text/event-stream`, else a list.

        The stream begins now, or after the event whose id is given. It ends after five minutes, or
        earlier, and goes on where it was for who comes back with the last id, as browsers do. It
        ends within seconds when the token or the session ends that it was asked for with. Only
        so many may watch at once; the next one is answered 503 and told when to try again.

        The list has the newest 100 events, or the first 100 after the one whose id is given; `next`
        is the id to go on from. Events that were filtered out count.

        Who may not see everybody's jobs is told how many there were, and not which.
        """
        wanted = asked(request, LookSerializer)
        after = _after(request, wanted.pop("after", None))
        if not events_are_on():
            raise EventsOff
        look = Look(shows_ids=sees_all(request), **wanted)
        with _redis():
            if isinstance(request.accepted_renderer, EventStreamRenderer):
                return _stream(request, after, look)
            return _list(after, look)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer errors as JSON, whatever was asked for."""
        if isinstance(getattr(self.request, "accepted_renderer", None), EventStreamRenderer):
            self.request.accepted_renderer = JSONRenderer()
            self.request.accepted_media_type = JSONRenderer.media_type
        return super().handle_exception(exc)


def _stream(request: Request, after: str | None, look: Look) -> HttpResponseBase:
    # Whoever goes on needs Redis as well, and is told at once if it is away.
    now = latest()
    if request.method == "HEAD":
        return HttpResponse(content_type=EventStreamRenderer.media_type, headers=HEADERS)
    stream = EventStream(
        blocks(after or now, look, seconds=event_seconds(), may_read=lets_in(request, READ)),
        most=event_viewers(),
        who=owner_of(request),
    )
    return StreamingHttpResponse(
        stream, content_type=EventStreamRenderer.media_type, headers=HEADERS
    )


def _list(after: str | None, look: Look) -> Response:
    page = read(after, most=MOST_AT_ONCE) if after else newest(MOST_AT_ONCE)
    return answer(look.at(page.events), next=page.last)


def _after(request: Request, said: str | None) -> str | None:
    """Return the id to go on from; None if nobody says any. Raises ValidationError."""
    header = request.headers.get(LAST_EVENT_ID)
    given = header or said
    try:
        return check_id(given) if given else None
    except EventIdError as error:
        name = LAST_EVENT_ID if header else "after"
        raise ValidationError({name: [str(error).removeprefix("after ")]}) from error


@contextmanager
def _redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise EventsAway from error
