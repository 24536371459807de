"""Accepting jobs: validate, insert in the caller's transaction, push hints on commit."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final, Unpack

from django.db import transaction

from queues.conf import MAX_BULK
from queues.database import execute, fetch
from queues.models import Job
from queues.options import Draft, EnqueueError, Options, draft
from queues.statements.accepting import (
    EXPIRE_KEY,
    HOLDER,
    INSERT_JOB,
    INSERT_MANY,
    OR_FOLLOW,
    OR_NOTHING,
    OR_REPLACE,
    RETURNING,
)
from queues.states import State
from queues.transport.hints import Hint, push
from queues.unique import Answer, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from queues.arguments import Arguments

__all__ = ["Answer", "EnqueueError", "Options", "enqueue", "enqueue_many"]

log = logging.getLogger(__name__)

TRIES_FOR_A_KEY: Final = 10
ON_CONFLICT: Final = {
    Mode.SIMPLE: OR_NOTHING,
    Mode.THROTTLE: OR_NOTHING,
    Mode.DEBOUNCE: OR_REPLACE,
    Mode.KEEP_LAST: OR_FOLLOW,
}


class KeyContestedError(RuntimeError):
    """A unique key changed hands each time it was looked at. Try again."""


def enqueue(arguments: Arguments, **options: Unpack[Options]) -> Job:
    """Accept a job and return its row. It exists if and only if the caller's transaction commits.

    `delay` and `timeout` are seconds, `run_at` is an aware datetime instead of a delay, `attempts`
    are total tries, `backoff` is a policy or fixed milliseconds, the `keep_` options say how many
    finished jobs stay (see `queues.keep`), `unique` is a key (see `queues.unique`), and `front`
    puts the job before its whole queue. What is left out comes from the kind, then the queue.
    After the commit its id is pushed to Redis; if that fails, a worker finds the row within a
    second.

    `answer` on the row says what became of it: with `unique`, the row may be that of an earlier
    job which holds the key. Raises EnqueueError, naming the field, for anything out of range, for
    arguments that cannot travel, and for a kind that has no handler.
    """
    wanted = draft(arguments, options)
    job = _insert_unique(wanted) if wanted.unique else _insert(wanted, RETURNING)
    if job is None:
        raise EnqueueError("unique", "lost a row that nothing conflicts with.")
    if job.answer is Answer.CREATED:
        transaction.on_commit(lambda: _announce(job, wanted))
    return job


def enqueue_many(items: Iterable[Arguments | tuple[Arguments, Options]]) -> list[int]:
    """Accept up to 10,000 jobs with one statement, all or none; return their ids in order.

    An item is arguments, or arguments and their options; `unique` is not among them. Raises
    EnqueueError as `enqueue` does, its field beginning with the item's index, such as
    `3.priority`.
    """
    drafts = [_draft_at(index, item) for index, item in enumerate(items)]
    if len(drafts) > MAX_BULK:
        raise EnqueueError("items", f"are {len(drafts)}; allowed: {MAX_BULK} at a time.")
    if not drafts:
        return []
    keys = [key for key in drafts[0].values if key not in {"unique_key", "ttl"}]
    columns = {key: [one.values[key] for one in drafts] for key in keys}
    ids = sorted(row[0] for row in fetch(INSERT_MANY, columns))
    transaction.on_commit(lambda: _announce_many(ids, drafts))
    return ids


def _draft_at(index: int, item: Arguments | tuple[Arguments, Options]) -> Draft:
    arguments, options = item if isinstance(item, tuple) else (item, Options())
    try:
        if "unique" in options:
            raise EnqueueError("unique", "is not allowed here; enqueue such jobs one by one.")
        return draft(arguments, options)
    except EnqueueError as error:
        raise EnqueueError(f"{index}.{error.field}", str(error).partition(": ")[2]) from error


def _insert(wanted: Draft, ending: str, **more: Any) -> Job | None:
    """Insert, and return the row of the job that the statement touched, if it touched one."""
    rows = fetch(INSERT_JOB + ending, {**wanted.values, **more})
    if not rows:
        return None
    columns = {field.attname for field in Job._meta.concrete_fields}  # noqa: SLF001  (Django documents _meta)
    values = {key: value for key, value in wanted.values.items() if key in columns}
    job = Job(**values)
    job.payload, job.backoff = json.loads(job.payload), json.loads(job.backoff)
    job.pk, job.created_at, job.run_at, job.state = rows[0][:4]
    job._state.adding = False  # noqa: SLF001  (Django documents _state)
    job.answer = Answer.CREATED
    return job


def _insert_unique(wanted: Draft) -> Job:
    """Insert, or return the holder of the key. Whoever else holds it is never waited for long."""
    mode = Mode(wanted.unique.mode) if wanted.unique else Mode.SIMPLE
    successor = json.dumps({**wanted.values, **_as_columns(wanted)}, default=str)
    ending = f"{ON_CONFLICT[mode]} {RETURNING}, (xmax = 0) AS is_new"
    for _ in range(TRIES_FOR_A_KEY):
        execute(EXPIRE_KEY, wanted.values)
        # Together, for once it is committed a worker may be done with it, and its row gone.
        with transaction.atomic(savepoint=False):
            rows = fetch(INSERT_JOB + ending, {**wanted.values, "successor": successor})
            if rows:
                job = Job.objects.get(pk=rows[0][0])
                job.answer = Answer.CREATED if rows[0][4] else _CHANGED[mode]
                return job
        holder = fetch(HOLDER, wanted.values)
        found = Job.objects.filter(pk=holder[0][0]).first() if holder else None
        if found:
            found.answer = Answer.EXISTS
            return found
    raise KeyContestedError(f"The key {wanted.values['unique_key']!r} changes hands too fast.")


_CHANGED: Final = {
    Mode.DEBOUNCE: Answer.REPLACED,
    Mode.KEEP_LAST: Answer.KEPT,
    Mode.SIMPLE: Answer.EXISTS,
    Mode.THROTTLE: Answer.EXISTS,
}


def _as_columns(wanted: Draft) -> dict[str, Any]:
    """Return the values that travel as JSON inside JSON, as JSON."""
    return {key: json.loads(wanted.values[key]) for key in ("payload", "backoff")}


def _announce(job: Job, wanted: Draft) -> None:
    label = wanted.conf.label
    log.info(
        "Added %s job %s for user %s" if job.owner else "Added %s job %s",
        *([label, job.pk, job.owner] if job.owner else [label, job.pk]),
        extra={"job_id": job.pk, "queue": job.queue, "kind": job.kind, "user": job.owner},
    )
    if job.state == State.WAITING:
        push([Hint(id=job.pk, queue=job.queue, priority=job.priority, front=job.front)])


def _announce_many(ids: list[int], drafts: list[Draft]) -> None:
    log.info("Added %s jobs", len(ids), extra={"first": ids[0], "last": ids[-1]})
    push(
        Hint(
            id=id_,
            queue=one.values["queue"],
            priority=one.values["priority"],
            front=one.values["front"],
        )
        for id_, one in zip(ids, drafts, strict=True)
        if one.values["state"] == State.WAITING
    )
