"""Adding a job for who calls, and answering with it as the old service did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fediverse.activities.api.merging import merged
from queues.api.making import Maker
from queues.api.scopes import READ, has_scope
from queues.api.units import MS
from queues.api.views.base import answer
from queues.conf import get_queues
from queues.drafting import draft_of
from queues.enqueue import enqueue_draft
from queues.unique import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.options import Given
    from queues.arguments import Arguments
    from queues.models import Job


def add(
    request: Request, arguments: type[Arguments], own: Mapping[str, Any], given: Given
) -> Response:
    """Enqueue a job of the caller's, and answer with it. `own` is what the request says of it.

    Raises ValidationError and EnqueueError.
    """
    maker = Maker.of(request)
    told = merged(arguments, {"userId": maker.owner, **own}, given.data)
    draft = draft_of(told, maker.own_options(told, given.options))
    maker.check_room(1)
    maker.check_keys([draft.limit_key])
    job = enqueue_draft(draft)
    label = get_queues()[job.queue].label.capitalize()
    shown = _shown(job)
    if job.answer is not Answer.CREATED and not has_scope(request, READ):
        # An earlier job, of which the caller knows that it is theirs, and no more.
        shown = {"id": shown["id"]}
    return answer({"job": shown}, message=f"{label} job added to queue successfully")


def _shown(job: Job) -> dict[str, object]:
    return {
        "id": str(job.pk),
        "name": job.name,
        "data": job.payload,
        "timestamp": int(job.created_at.timestamp() * MS),
    }
