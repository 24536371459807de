"""Many jobs with one name, whose progress is seen, and that others follow when they have ended.

A batch is a flow: its parent, a job of the engine's own kind, ignores how its children ended.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from queues import registry
from queues.batch_jobs import BatchDone, BatchFailed, Progress, count
from queues.conf import MAX_BULK
from queues.control import NoJobError
from queues.database import fetch
from queues.flows import Child, Node, cancel_tree, flow
from queues.models import Job
from queues.options import MAX_NAME, EnqueueError, draft
from queues.registry import RegistryError
from queues.statements.flows import WATCHERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from queues.arguments import Arguments
    from queues.options import Options

__all__ = ["Progress", "batch", "cancel", "progress"]

PLACE_IN_FLOW: Final = re.compile(r"^0\.(children\.)?")


def batch(
    jobs: Iterable[Arguments | tuple[Arguments, Options]],
    *,
    name: str,
    on_done: Arguments | None = None,
    on_success: Arguments | None = None,
    on_failure: Arguments | None = None,
    queue: str | None = None,
) -> int:
    """Accept up to 10,000 jobs and what follows them, all or none; return the batch's id.

    `on_failure` is enqueued when the first of the jobs does not complete, `on_done` when all have
    ended, and `on_success` then too if all completed: each once. The batch is itself a job, of
    `queue`, or else of the queue of its first job. Raises EnqueueError as `enqueue_many` does.
    """
    if type(name) is not str or not 0 < len(name) <= MAX_NAME:
        raise EnqueueError("name", f"is {name!r:.50}; allowed: text of 1 to {MAX_NAME}.")
    nodes = [Node(*one) if isinstance(one, tuple) else Node(one) for one in jobs]
    if len(nodes) > MAX_BULK:
        raise EnqueueError("items", f"are {len(nodes)}; allowed: {MAX_BULK} at a time.")
    done = BatchDone(
        name=name,
        on_done=_as_text("on_done", on_done),
        on_success=_as_text("on_success", on_success),
    )
    where = _where(nodes, queue)
    tops = [Node(done, where, [Child(one, "ignore") for one in nodes])]
    if nodes and (text := _as_text("on_failure", on_failure)):
        watching = [Child(one, "continue") for one in nodes]
        tops.append(Node(BatchFailed(name=name, on_failure=text), where, watching))
    try:
        return flow(*tops, most=MAX_BULK + len(tops))[tops[0]]
    except EnqueueError as error:
        raise _as_of_many(error) from error


def progress(batch_id: int) -> Progress:
    """Return how far a batch is, as long as its row stays. Raises NoJobError."""
    _refuse_others(batch_id)
    return count(batch_id)


def cancel(batch_id: int) -> list[int]:
    """Cancel a batch and its unfinished jobs, so that nothing follows; return their ids.

    If it is interrupted, call it again. Raises NoJobError.
    """
    _refuse_others(batch_id)
    watchers = [row[0] for row in fetch(WATCHERS, {"id": batch_id, "kind": BatchFailed.kind})]
    # They first: jobs that are cancelled are the failure which they watch for.
    return [job_id for top in [*watchers, batch_id] for job_id in cancel_tree(top)]


def _refuse_others(batch_id: int) -> None:
    if not Job.objects.filter(pk=batch_id, kind=BatchDone.kind).exists():
        raise NoJobError(f"There is no batch {batch_id}.")


def _where(nodes: Sequence[Node], queue: str | None) -> dict[str, str]:
    if queue is not None or not nodes:
        return {} if queue is None else {"queue": queue}
    try:
        usual = registry.get(nodes[0].arguments.kind).queue
    except (RegistryError, AttributeError):
        # `flow` will say what is wrong with it.
        return {}
    where = nodes[0].options.get("queue") or usual
    return {} if where is None else {"queue": where}


def _as_text(field: str, arguments: Arguments | None) -> str | None:
    """Return arguments with their kind, as JSON. Raises EnqueueError."""
    if arguments is None:
        return None
    try:
        payload = json.loads(draft(arguments, {}).payload)
    except EnqueueError as error:
        raise error.below(field) from error
    return json.dumps({"kind": arguments.kind, "payload": payload})


def _as_of_many(error: EnqueueError) -> EnqueueError:
    """Name the field by the job's place in the batch; the batch's own fields have none."""
    field = PLACE_IN_FLOW.sub("", error.field)
    return EnqueueError(field, error.message)
