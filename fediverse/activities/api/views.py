from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from fediverse.activities.api.serializers import SimpleTestSerializer
from fediverse.activities.payloads import FetchPosts
from queues.enqueue import enqueue

if TYPE_CHECKING:
    from rest_framework.request import Request

    from queues.models import Job

TEST_USER: Final = "test-user-id"
SHOWN: Final = ("userId", "platform", "action", "testMessage", "timestamp")


class SimpleTestView(GenericAPIView[Any]):
    """Put a test job into the queue of content aggregation. Open to anyone."""

    # No session either: a browser that is signed in would need a CSRF token here.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = SimpleTestSerializer

    def get_view_name(self) -> str:
        return "Test the queue"

    def post(self, request: Request) -> Response:
        """Answer with the job once it is stored, whether Redis heard of it or not."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        delay = serializer.validated_data["delay"]
        arguments = FetchPosts(
            user_id=TEST_USER,
            platform="mastodon",
            test_message=serializer.validated_data["data"],
            timestamp=_now(),
        )
        return Response(_answer(enqueue(arguments, delay=delay / 1000), delay))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(job: Job, delay: int) -> dict[str, object]:
    return {
        "success": True,
        "message": "Test job added to queue successfully",
        "jobId": str(job.pk),
        "jobName": job.name,
        "data": {name: job.payload[name] for name in SHOWN},
        "delay": delay,
    }
