"""What the views of jobs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework.exceptions import PermissionDenied

from queues.api.scopes import READ, changes_all, has_scope, jobs_for, owner_of
from queues.api.serializers.jobs import (
    BriefJobSerializer,
    BriefMadeJobSerializer,
    MadeJobSerializer,
)
from queues.api.serializers.jobs_detail import JobDetailSerializer
from queues.api.views.base import answer
from queues.unique import Answer

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from queues.models import Job

TAGS = ["Jobs"]


def named(what: str, view: APIView) -> str:
    """Return the name of a view of one job. What leads there is named before there is a request."""
    kwargs = getattr(view, "kwargs", {})
    return f"{what} {kwargs['id']}" if "id" in kwargs else what


def job_of(request: Request, job_id: int | str) -> Job:
    """Return a job that the caller may know of. Raises Http404."""
    return get_object_or_404(jobs_for(request), pk=job_id)


def job_to_change(request: Request, job_id: int | str) -> Job:
    """Return a job that the caller may change. Raises Http404 and PermissionDenied."""
    job = job_of(request, job_id)
    if job.owner != owner_of(request) and not changes_all(request):
        raise PermissionDenied("You may see this job, but not change it: it is not yours.")
    return job


def in_detail(request: Request, job: Job) -> Response:
    """Answer with all that is known of a job, or with its state to who may not read."""
    if not has_scope(request, READ):
        return answer(BriefJobSerializer(job).data)
    return answer(JobDetailSerializer(job, context={"request": request}).data)


def as_made(request: Request, job: Job) -> Response:
    """Answer with a job that was just made; by its deduplication it may be an earlier one."""
    of = MadeJobSerializer if has_scope(request, READ) else BriefMadeJobSerializer
    status = 201 if job.answer is Answer.CREATED else 200
    return answer(of(job, context={"request": request}).data, status=status)


def address_of(request: Request, job_id: int) -> str:
    """Return where a job is found."""
    return request.build_absolute_uri(reverse("job", kwargs={"id": job_id}))
