from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound

from queues import conf, queue_control
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE, READ
from queues.api.serializers.queues import (
    DrainedSerializer,
    DrainSerializer,
    QueueChangeSerializer,
    QueueSerializer,
)
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.views.base import ApiView, acting, answer
from queues.overview import overview
from queues.spelling import unknown

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class QueuesView(ApiView):
    """The queues: what was set for them, and what happens in them."""

    scopes = {"GET": READ}
    serializer_class = QueueSerializer
    # They are few, and named in the settings.
    pagination_class = None
    name = "Queues"

    @extend_schema(
        operation_id="queue_queues_list",
        summary="List the queues",
        responses={200: enveloped(QueueSerializer, many=True)},
        tags=["Queues"],
    )
    def get(self, request: Request) -> Response:
        """List all queues. The counts are of everybody's jobs."""
        return answer(QueueSerializer(overview(), many=True).data, next=None, previous=None)


class QueueView(ApiView):
    """A queue, by its name or its name in JSON."""

    scopes = {"GET": READ, "PATCH": MANAGE}
    serializer_class = QueueChangeSerializer
    name = "Queue"

    @extend_schema(
        summary="Show a queue", responses={200: enveloped(QueueSerializer)}, tags=["Queues"]
    )
    def get(self, request: Request, queue: str) -> Response:
        """Show what was set for the queue, and what happens in it."""
        return shown(queue_named(queue))

    @extend_schema(
        summary="Change a queue",
        request=QueueChangeSerializer,
        responses={200: enveloped(QueueSerializer)},
        tags=["Queues"],
    )
    def patch(self, request: Request, queue: str) -> Response:
        """Set what is named: all of it, or with an error nothing. Workers follow in a second."""
        name = queue_named(queue)
        serializer = self.get_serializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        wanted = dict(serializer.validated_data)
        with acting(request, wanted.pop("reason", "")):
            queue_control.change(name, **wanted)
        return shown(name)


class PauseView(ApiView):
    """Let no job of the queue begin any more. Jobs are accepted all the same; running ones end."""

    scopes = {"POST": MANAGE}
    serializer_class = ReasonSerializer
    name = "Pause"

    @extend_schema(
        summary="Pause a queue",
        request=ReasonSerializer,
        responses={200: enveloped(QueueSerializer)},
        tags=["Queues"],
    )
    def post(self, request: Request, queue: str) -> Response:
        """Pause the queue. One that is paused stays so."""
        name, said = queue_named(queue), self.valid(request)
        with acting(request, said["reason"]):
            queue_control.pause(name)
        return shown(name)


class ResumeView(ApiView):
    """Let the jobs of a paused queue begin again."""

    scopes = {"POST": MANAGE}
    serializer_class = ReasonSerializer
    name = "Resume"

    @extend_schema(
        summary="Resume a queue",
        request=ReasonSerializer,
        responses={200: enveloped(QueueSerializer)},
        tags=["Queues"],
    )
    def post(self, request: Request, queue: str) -> Response:
        """Undo a pause. A queue that is not paused stays so."""
        name, said = queue_named(queue), self.valid(request)
        with acting(request, said["reason"]):
            queue_control.resume(name)
        return shown(name)


class DrainView(ApiView):
    """Delete the jobs that wait in the queue. What runs, and what has ended, stays."""

    scopes = {"POST": MANAGE}
    serializer_class = DrainSerializer
    name = "Drain"

    @extend_schema(
        summary="Empty a queue",
        request=DrainSerializer,
        responses={200: enveloped(DrainedSerializer)},
        tags=["Queues"],
    )
    def post(self, request: Request, queue: str) -> Response:
        """Delete what waits, and with `delayed` what is delayed; with `dryRun` count it."""
        name, said = queue_named(queue), self.valid(request)
        drain = queue_control.would_drain if said["dryRun"] else queue_control.drain
        with acting(request, said["reason"]):
            removed = drain(name, delayed=said["delayed"])
        data = {"removed": removed, "dryRun": said["dryRun"]}
        return answer(DrainedSerializer(data).data)


def queue_named(name: str) -> str:
    """Return the name of a queue that an address names by it, or in JSON. Raises NotFound."""
    found = conf.queue_named(name)
    if found is None:
        raise NotFound(unknown("queue", name, conf.get_queues()))
    return found.name


def shown(name: str) -> Response:
    """Return a queue as it is now."""
    found = next(one for one in overview() if one.name == name)
    return answer(QueueSerializer(found).data)
