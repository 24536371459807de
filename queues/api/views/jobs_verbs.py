from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queues import control
from queues.api.making import Maker
from queues.api.scopes import WRITE
from queues.api.serializers.jobs_changing import RetrySerializer
from queues.api.serializers.jobs_detail import JobDetailSerializer
from queues.api.views.base import once
from queues.api.views.jobs_base import in_detail, job_to_change, named
from queues.api.views.verbs import VerbView, verb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.models import Job

    Said = Mapping[str, Any]


class JobVerbView(VerbView):
    """A verb for a job of the caller's, or anybody's for who may; done once for a key."""

    scopes = {"POST": WRITE}
    is_idempotent = True
    answers = JobDetailSerializer

    def get_view_name(self) -> str:
        return named(f"{type(self).__name__.removesuffix('View')} job", self)

    def find(self, **named: str) -> str:
        # It is looked for within `do`: what was done under a key is told again, even if the job is
        # gone by now.
        return named["id"]

    def answered(self, request: Request, act: Callable[[], Any]) -> Response:
        return once(request, lambda: in_detail(request, act()))

    def mine(self, job_id: str) -> int:
        """Return the id of a job that the caller may change. Raises Http404, PermissionDenied."""
        return job_to_change(self.request, job_id).pk


@verb("Try a job again", tag="Jobs")
class RetryView(JobVerbView):
    """Try a job again."""

    serializer_class = RetrySerializer

    def do(self, what: str, said: Said) -> Job:
        """Let a finished job wait again, with all its attempts or with one more of them."""
        job, maker = job_to_change(self.request, what), Maker.of(self.request)
        # It is unfinished again, and counts as a new one does.
        maker.check_room(1)
        maker.check_keys([job.limit_key])
        return control.retry(job.pk, reset=said["resetAttempts"])


@verb("Cancel a job", tag="Jobs")
class CancelView(JobVerbView):
    """Cancel a job."""

    def do(self, what: str, said: Said) -> Job:
        """End a job that is not finished. One that runs learns of it within a second."""
        return control.cancel(self.mine(what))


@verb("Promote a job", tag="Jobs")
class PromoteView(JobVerbView):
    """Let a delayed job wait now."""

    def do(self, what: str, said: Said) -> Job:
        """Let a delayed job wait now, as if it were due."""
        return control.promote(self.mine(what))
