from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from fediverse.activities.api.serializers.simple import (
    MAX_BODY_BYTES,
    SimpleTestAnswerSerializer,
    SimpleTestSerializer,
)
from fediverse.activities.api.throttles import count_address, count_all, principal_of
from fediverse.activities.services.open_jobs import TooManyWaitingError, add_open_job
from queues.api.errors import TooMany
from queues.api.parsers import PayloadTooLarge
from queues.api.units import MS
from queues.api.views.base import once

if TYPE_CHECKING:
    from rest_framework.request import Request

    from queues.models import Job

SHOWN: Final = ("userId", "platform", "action", "testMessage", "timestamp")
# What came first may take this long; nobody knows better.
WAIT_SECONDS: Final = 60


class SimpleTestView(GenericAPIView[Any]):
    """Put a test job into the queue of content aggregation. Open to anyone.

    The job fetches for nobody and hands back `data`. It goes behind all other jobs of its queue. A
    body may have 1 KiB, and `data` 1,000 characters. Who comes too often, or while too many such
    jobs wait, is told in `Retry-After` when to come again.
    """

    name = "Test the queue"
    # No session either: a browser that is signed in would need a CSRF token here.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    is_idempotent = True
    serializer_class = SimpleTestSerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Turn away what is not even to be read."""
        super().initial(request, *args, **kwargs)
        if not settings.OPEN_ENDPOINT:
            raise NotFound
        if request.method == "POST":
            # The middleware let in nothing without a length.
            if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
                raise PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
            count_address(request)

    @extend_schema(
        summary="Add a test job, as anybody",
        request=SimpleTestSerializer,
        responses={200: SimpleTestAnswerSerializer},
        tags=["Test"],
        auth=[],
        examples=[
            OpenApiExample("At once", {"data": "Hello, World!"}, request_only=True),
            OpenApiExample("Later", {"data": "Hello!", "delay": 2000}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer with the job once it is stored, whether Redis heard of it or not."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        count_all()
        return once(
            request, lambda: _add(said["data"], said["delay"]), principal=principal_of(request)
        )


def _add(message: str, delay: int) -> Response:
    try:
        job = add_open_job(message, delay=delay / MS)
    except TooManyWaitingError as error:
        message = "Too many test jobs are unfinished; come again later."
        raise TooMany(message, wait=WAIT_SECONDS, code="too_many_waiting") from error
    return Response(_answer(job, delay))


def _answer(job: Job, delay: int) -> dict[str, object]:
    return {
        "success": True,
        "message": "Test job added to queue successfully",
        "jobId": str(job.pk),
        "jobName": job.name,
        "data": {name: job.payload[name] for name in SHOWN},
        "delay": delay,
    }
