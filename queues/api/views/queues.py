from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from queues.api.views.base import ApiView, acting, answer
from queues.api.views.verbs import VerbView, verb
from queues.overview import overview
from queues.spelling import unknown

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.views.verbs import Said
    from queues.overview import Overview


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
        responses={200: enveloped(QueueSerializer, "next", "previous", many=True)},
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
        return answer(QueueSerializer(overview_of(queue_named(queue))).data)

    @extend_schema(
        summary="Change a queue",
        request=QueueChangeSerializer,
        responses={200: enveloped(QueueSerializer)},
        tags=["Queues"],
    )
    def patch(self, request: Request, queue: str) -> Response:
        """Set what is named: all of it, or with an error nothing. Workers follow in a second."""
        name, wanted = queue_named(queue), self.valid(request, partial=True)
        with acting(request, wanted.pop("reason", "")):
            queue_control.change(name, **wanted)
        return answer(QueueSerializer(overview_of(name)).data)


class QueueVerbView(VerbView):
    """A verb for a queue, which its address names."""

    def find(self, **named: str) -> str:
        return queue_named(named["queue"])


@verb("Pause a queue", tag="Queues")
class PauseView(QueueVerbView):
    """Let no job of the queue begin any more. Jobs are accepted all the same; running ones end."""

    answers = QueueSerializer
    name = "Pause"

    def do(self, what: str, said: Said) -> Overview:
        """Pause the queue. One that is paused stays so."""
        queue_control.pause(what)
        return overview_of(what)


@verb("Resume a queue", tag="Queues")
class ResumeView(QueueVerbView):
    """Let the jobs of a paused queue begin again."""

    answers = QueueSerializer
    name = "Resume"

    def do(self, what: str, said: Said) -> Overview:
        """Undo a pause. A queue that is not paused stays so."""
        queue_control.resume(what)
        return overview_of(what)


@verb("Empty a queue", tag="Queues")
class DrainView(QueueVerbView):
    """Delete the jobs that wait in the queue. What runs, and what has ended, stays."""

    serializer_class = DrainSerializer
    answers = DrainedSerializer
    name = "Drain"

    def do(self, what: str, said: Said) -> dict[str, Any]:
        """Delete what waits, and with `delayed` what is delayed; with `dryRun` count it."""
        drain = queue_control.would_drain if said["dryRun"] else queue_control.drain
        return {"removed": drain(what, delayed=said["delayed"]), "dryRun": said["dryRun"]}


def queue_named(name: str) -> str:
    """Return the name of a queue that an address names by it, or in JSON. Raises NotFound."""
    found = conf.queue_named(name)
    if found is None:
        raise NotFound(unknown("queue", name, conf.get_queues()))
    return found.name


def overview_of(name: str) -> Overview:
    """Return a queue as it is now."""
    return next(one for one in overview() if one.name == name)
