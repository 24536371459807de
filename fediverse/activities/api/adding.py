"""Adding a job for who calls, and answering with it as the old service did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError

from fediverse.activities.api.merging import merged
from queues.api.scopes import owner_of
from queues.api.units import MS
from queues.api.views.base import answer
from queues.enqueue import enqueue
from queues.unique import MAX_KEY, Unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request
    from rest_framework.response import Response

    from queues.api.options import Given
    from queues.arguments import Arguments
    from queues.models import Job
    from queues.options import Options


def add(
    request: Request, arguments: type[Arguments], own: Mapping[str, Any], given: Given
) -> Response:
    """Enqueue a job of the caller's, and answer with it. `own` is what the request says of it.

    Raises ValidationError, and what `enqueue` raises.
    """
    owner = owner_of(request)
    told = merged(arguments, {"userId": owner, **own}, given.data)
    job = enqueue(told, **_owned(given.options, owner))
    label = job.queue.removesuffix("s").replace("-", " ").capitalize()
    return answer({"job": _shown(job)}, message=f"{label} job added to queue successfully")


def _owned(options: Options, owner: str) -> Options:
    """Return options whose deduplication key is the owner's own.

    Else a caller would be shown the job of another who holds the key, or replace it.
    """
    unique = options.get("unique")
    if not isinstance(unique, Unique):
        return options
    prefix = f"user:{owner}:"
    key = prefix + unique.key
    if len(key) > MAX_KEY:
        message = f"Too long; allowed: {MAX_KEY - len(prefix)} characters."
        raise ValidationError({"options": {"deduplication": {"id": [message]}}})
    return {**options, "unique": replace(unique, key=key)}


def _shown(job: Job) -> dict[str, object]:
    return {
        "id": str(job.pk),
        "name": job.name,
        "data": job.payload,
        "timestamp": int(job.created_at.timestamp() * MS),
    }
