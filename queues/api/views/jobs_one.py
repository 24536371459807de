from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from queues import control
from queues.api.kinds import refuse_internal
from queues.api.making import Maker
from queues.api.parameters import asked, refuse_unknown
from queues.api.schema import enveloped
from queues.api.scopes import READ, WRITE
from queues.api.serializers.jobs_changing import JobChangesSerializer
from queues.api.serializers.jobs_detail import JobDetailSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.units import MS
from queues.api.views.base import ApiView, acting
from queues.api.views.jobs_base import TAGS, in_detail, job_of, job_to_change, named
from queues.drafting import arguments_of, refusals
from queues.options import EnqueueError, describe

if TYPE_CHECKING:
    from typing import Any

    from rest_framework.request import Request

    from queues.models import Job


class JobView(ApiView):
    """A job, what became of it, and what can be done to it."""

    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    parameters = None
    serializer_class = JobChangesSerializer
    # What the browsable API's form begins with.
    job: Job | None = None

    def get_view_name(self) -> str:
        return named("Job", self)

    @extend_schema(summary="Read a job", responses={200: enveloped(JobDetailSerializer)}, tags=TAGS)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002  (as addresses name it)
        """Return all that is known of a job: its payload, attempts and log, and why it waits."""
        refuse_unknown(request, ())
        self.job = job_of(request, id)
        return in_detail(request, self.job)

    @extend_schema(
        summary="Change a job",
        request=JobChangesSerializer,
        responses={200: enveloped(JobDetailSerializer)},
        tags=TAGS,
    )
    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change priority or data of a job that has not begun, or when a delayed one is due.

        All that is asked for is done, or nothing. Without the scope queue:read, the answer has
        `id` and `state` alone.
        """
        refuse_unknown(request, ())
        self.job = job_to_change(request, id)
        said = self.valid(request)
        if "data" in said:
            refuse_internal(self.job.kind)
            _check_data(self.job, said["data"], Maker.of(request))
        with acting(request, said["reason"]):
            self.job = _change(self.job.pk, said)
        return in_detail(request, self.job)

    @extend_schema(
        summary="Remove a job", parameters=[ReasonSerializer], responses={204: None}, tags=TAGS
    )
    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove a job that neither runs nor waits for others, with its attempts and its log."""
        said, job = asked(request, ReasonSerializer), job_to_change(request, id)
        with acting(request, said["reason"]):
            control.remove(job.pk)
        return Response(status=204)


def _check_data(job: Job, data: dict[str, Any], maker: Maker) -> None:
    """Refuse data that the job cannot be told. Raises ValidationError."""
    try:
        arguments = arguments_of(job.kind, data)
        with refusals():
            describe(arguments)
        maker.check_owner(arguments)
    except EnqueueError as error:
        raise ValidationError({"data": [error.message]}) from error


@transaction.atomic
def _change(job_id: int, said: dict[str, Any]) -> Job:
    """Do all that is said, or nothing, and return the job. Raises ControlError."""
    job = None
    if "data" in said:
        job = control.change_payload(job_id, said["data"])
    if "priority" in said:
        job = control.change_priority(job_id, said["priority"])
    if "delay" in said:
        job = control.change_delay(job_id, math.ceil(said["delay"] / MS))
    assert job is not None  # noqa: S101  (the serializer lets nobody change nothing)
    return job
