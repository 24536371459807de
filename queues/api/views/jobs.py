from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import FormParser, MultiPartParser

from queues.api import kinds
from queues.api.admission import bulks
from queues.api.filtering import JobFilterBackend
from queues.api.keyset import orderings
from queues.api.making import Maker
from queues.api.making_many import make_many
from queues.api.pagination import KeysetPagination
from queues.api.parsers import BulkJSONParser
from queues.api.patience import patience
from queues.api.schema import enveloped
from queues.api.scopes import READ, WRITE, jobs_for, owner_of
from queues.api.serializers.jobs import JobSerializer, MadeJobSerializer, MadeJobsSerializer
from queues.api.serializers.jobs_changing import NewJobSerializer, NewJobsSerializer
from queues.api.views.base import ApiView, answer, once
from queues.api.views.jobs_base import TAGS, address_of, as_made
from queues.enqueue import enqueue_draft

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.models import Job

EXAMPLE = OpenApiExample(
    "In a minute, and before others",
    value={**kinds.EXAMPLE, "options": {"delay": 60000, "priority": 1}},
    request_only=True,
)
MANY = OpenApiExample(
    "One now, and one in a minute",
    value={"jobs": [kinds.EXAMPLE, {**kinds.EXAMPLE, "options": {"delay": 60000}}]},
    request_only=True,
)


class JobsView(ApiView):
    """Your jobs, and for operators everybody's.

    Any number of filters may be given, all of which must fit. What is empty counts as left out.
    """

    name = "Jobs"
    scopes = {"GET": READ, "POST": WRITE}
    parameters = None
    is_idempotent = True
    serializer_class = NewJobSerializer
    pagination_class = KeysetPagination
    filter_backends = (JobFilterBackend,)
    orderings = orderings(
        id="pk",
        createdAt="created_at",
        runAt="run_at",
        priority="priority",
        finishedAt="finished_at",
    )

    def get_queryset(self) -> QuerySet[Job]:
        """Return the jobs that the caller may know of."""
        return jobs_for(self.request)

    @extend_schema(summary="List jobs", responses={200: JobSerializer(many=True)}, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List jobs, the newest first unless you say otherwise.

        To order by `finishedAt` lists only jobs that have finished.
        """
        with patience():
            page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(JobSerializer(page, many=True).data)

    @extend_schema(
        summary="Make a job",
        request=NewJobSerializer,
        responses={201: enveloped(MadeJobSerializer), 200: enveloped(MadeJobSerializer)},
        examples=[EXAMPLE],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Make a job, and say where it is found.

        With `options.deduplication` the answer may be an earlier job that holds the key; its status
        is 200 then. Without the scope queue:read, the answer has `id`, `state` and `answer` alone.
        Send an `Idempotency-Key` to be able to send the same request again.
        """
        said, maker = self.valid(request), Maker.of(request)

        def make() -> Response:
            draft = maker.draft(said["kind"], said["payload"], said["options"])
            maker.check_room(1)
            maker.check_keys([draft.limit_key])
            return as_made(request, enqueue_draft(draft))

        response = once(request, make)
        response["Location"] = address_of(request, response.data["data"]["id"])
        return response


class JobsBulkView(ApiView):
    """Make thousands of jobs at once."""

    name = "Many jobs"
    scopes = {"POST": WRITE}
    is_idempotent = True
    serializer_class = NewJobsSerializer
    parser_classes = (BulkJSONParser, FormParser, MultiPartParser)
    weight = 10

    @extend_schema(
        summary="Make many jobs",
        request=NewJobsSerializer,
        responses={201: enveloped(MadeJobsSerializer)},
        examples=[MANY],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Make up to 10,000 jobs, all or none.

        If anything is wrong, nothing is made, and what is wrong is named by the place of its job
        in the list: `jobs.3.options.priority`. After a hundred errors the rest is not read. A body
        may have 8 MiB; send one at a time. It counts as ten requests.
        """
        # Before the body is read: that is what costs.
        with bulks.admit(owner_of(request)):
            items: list[Any] = self.valid(request)["jobs"]
            return once(request, lambda: _made(items, Maker.of(request)))


def _made(items: list[Any], maker: Maker) -> Response:
    ids = make_many(items, maker)
    return answer({"count": len(ids), "ids": ids}, status=201)
