from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema

from queues import control
from queues.api.schema import enveloped
from queues.api.scopes import WRITE
from queues.api.serializers.jobs_changing import RetrySerializer
from queues.api.serializers.jobs_detail import JobDetailSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.views.base import ApiView, acting, once
from queues.api.views.jobs_base import TAGS, in_detail, job_to_change, named

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.models import Job


class VerbView(ApiView):
    """Does one thing to one job."""

    scopes = {"POST": WRITE}
    is_idempotent = True
    serializer_class = ReasonSerializer

    def get_view_name(self) -> str:
        return named(f"{type(self).__name__.removesuffix('View')} job", self)

    def done(self, request: Request, job_id: str) -> Response:
        """Do it, and answer with the job as it is then."""
        said = self.valid(request)

        def carry_out() -> Response:
            job = job_to_change(request, job_id)
            with acting(request, said["reason"]):
                return in_detail(request, self.verb(job.pk, said))

        return once(request, carry_out)

    def verb(self, job_id: int, said: dict[str, Any]) -> Job:
        """Do it to the job, and return that. Raises ControlError."""
        raise NotImplementedError


class RetryView(VerbView):
    """Try a job again."""

    serializer_class = RetrySerializer

    @extend_schema(
        summary="Try a job again",
        request=RetrySerializer,
        responses={200: enveloped(JobDetailSerializer)},
        tags=TAGS,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  (as addresses name it)
        """Let a finished job wait again, with all its attempts or with one more of them."""
        return self.done(request, id)

    def verb(self, job_id: int, said: dict[str, Any]) -> Job:
        return control.retry(job_id, reset=said["resetAttempts"])


class CancelView(VerbView):
    """Cancel a job."""

    @extend_schema(
        summary="Cancel a job",
        request=ReasonSerializer,
        responses={200: enveloped(JobDetailSerializer)},
        tags=TAGS,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        """End a job that is not finished. One that runs learns of it within a second."""
        return self.done(request, id)

    def verb(self, job_id: int, said: dict[str, Any]) -> Job:
        return control.cancel(job_id)


class PromoteView(VerbView):
    """Let a delayed job wait now."""

    @extend_schema(
        summary="Promote a job",
        request=ReasonSerializer,
        responses={200: enveloped(JobDetailSerializer)},
        tags=TAGS,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        """Let a delayed job wait now, as if it were due."""
        return self.done(request, id)

    def verb(self, job_id: int, said: dict[str, Any]) -> Job:
        return control.promote(job_id)
