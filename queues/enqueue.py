"""Accepting jobs: validate, insert in the caller's transaction, push hints on commit."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final, Unpack

from django.db import DEFAULT_DB_ALIAS, transaction

from queues.conf import MAX_BULK
from queues.database import array, execute, fetch, fetch_prepared, text_array
from queues.happenings import tell
from queues.models import Job
from queues.options import AT_ONCE, Draft, EnqueueError, Options, draft
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
    from collections.abc import Iterable, Sequence

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
    finished jobs stay (see `queues.keep`), `unique` is a key (see `queues.unique`), `limit_key` is
    what limits go by (see `queues.limits`; the arguments' own if left out), `front` puts the job
    before its whole queue, and `queue` is another one than the kind's, which may have none. What is
    left out comes from the kind, then the queue.
    After the commit its id is pushed to Redis; if that fails, a worker finds the row within a
    second.

    `answer` on the row says what became of it: with `unique`, the row may be that of an earlier
    job which holds the key. Raises EnqueueError, naming the field, for anything out of range, for
    arguments that cannot travel, and for a kind that has no handler.
    """
    return enqueue_draft(draft(arguments, options))


def enqueue_draft(wanted: Draft) -> Job:
    """Accept a job that is drafted already, as `enqueue` does."""
    job = _insert_unique(wanted) if wanted.unique else _insert(wanted)
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
    return accept_many(drafts)


def accept_many(drafts: list[Draft]) -> list[int]:
    """Insert drafts with one statement, announce them on commit, and return their ids in order.

    The ids grow with the order. Their keys are not looked at.
    """
    if not drafts:
        return []
    ids = sorted(row[0] for row in fetch_prepared(INSERT_MANY, _columns(drafts)))
    transaction.on_commit(lambda: _announce_many(ids, drafts))
    return ids


def _columns(drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return the parameters of INSERT_MANY: payloads, and each different shape once."""
    numbers: dict[tuple[object, ...], int] = {}
    shapes: list[dict[str, Any]] = []
    places = []
    for one in drafts:
        key = (id(one.shape), one.name, one.owner, one.limit_key, one.is_child, _when(one))
        if key not in numbers:
            own = {"name": one.name, "owner": one.owner}
            limits = {"limit_key": one.limit_key, "is_child": one.is_child}
            shapes.append({**one.shape, **one.due, **own, **limits})
            numbers[key] = len(shapes)
        places.append(numbers[key])
    return {
        "payloads": text_array(one.payload for one in drafts),
        "shapes": array(places),
        **{name: [shape[name] for shape in shapes] for name in shapes[0]},
    }


def _when(one: Draft) -> tuple[object, ...]:
    """Return when a job is due, so that it can be compared with others."""
    if one.due is AT_ONCE:
        return ()
    # The date as text, which has its offset from UTC in it.
    return one.due["state"], one.due["delay"], str(one.due["run_at"])


def _draft_at(index: int, item: Arguments | tuple[Arguments, Options]) -> Draft:
    arguments, options = item if isinstance(item, tuple) else (item, Options())
    try:
        if "unique" in options:
            raise EnqueueError("unique", "is not allowed here; enqueue such jobs one by one.")
        return draft(arguments, options)
    except EnqueueError as error:
        raise error.below(index) from error


def _insert(wanted: Draft) -> Job:
    """Insert, and return the job as its row is."""
    rows = fetch_prepared(INSERT_JOB + RETURNING, wanted.values)
    values = {**_EMPTY, **wanted.values, "unique_until": None}
    values |= dict(zip(_RETURNED, rows[0], strict=True))
    values["payload"], values["backoff"] = json.loads(wanted.payload), json.loads(values["backoff"])
    return Job.from_db(DEFAULT_DB_ALIAS, _NAMES, [values[name] for name in _NAMES])


_RETURNED: Final = ("id", "created_at", "run_at", "state", "turn_at")
_NAMES: Final = [field.attname for field in Job._meta.concrete_fields]  # noqa: SLF001  (Django documents _meta)
_EMPTY: Final = {
    **{field.attname: field.get_default() for field in Job._meta.concrete_fields},  # noqa: SLF001
    "is_suspect": False,
    "worker_name": "",
    "code_version": "",
    "fingerprint": "",
}


def _insert_unique(wanted: Draft) -> Job:
    """Insert, or return the holder of the key. Whoever else holds it is never waited for long."""
    mode = Mode(wanted.unique.mode) if wanted.unique else Mode.SIMPLE
    values = wanted.values
    successor = json.dumps({**values, **_as_columns(wanted)}, default=str)
    ending = f"{ON_CONFLICT[mode]} {RETURNING}, (xmax = 0) AS is_new"
    for _ in range(TRIES_FOR_A_KEY):
        execute(EXPIRE_KEY, values)
        # Together, for once it is committed a worker may be done with it, and its row gone.
        with transaction.atomic(savepoint=False):
            rows = fetch(INSERT_JOB + ending, {**values, "successor": successor})
            if rows:
                job = Job.objects.get(pk=rows[0][0])
                job.answer = Answer.CREATED if rows[0][-1] else _CHANGED[mode]
                return job
        holder = fetch(HOLDER, values)
        found = Job.objects.filter(pk=holder[0][0]).first() if holder else None
        if found:
            found.answer = Answer.EXISTS
            return found
    raise KeyContestedError(f"The key {values['unique_key']!r} changes hands too fast.")


_CHANGED: Final = {
    Mode.DEBOUNCE: Answer.REPLACED,
    Mode.KEEP_LAST: Answer.KEPT,
    Mode.SIMPLE: Answer.EXISTS,
    Mode.THROTTLE: Answer.EXISTS,
}


def _as_columns(wanted: Draft) -> dict[str, Any]:
    """Return the values that travel as JSON inside JSON, as JSON."""
    return {"payload": json.loads(wanted.payload), "backoff": json.loads(wanted.shape["backoff"])}


def _announce(job: Job, wanted: Draft) -> None:
    label = wanted.conf.label
    log.info(
        "Added %s job %s for user %s" if job.owner else "Added %s job %s",
        *([label, job.pk, job.owner] if job.owner else [label, job.pk]),
        extra={"job_id": job.pk, "queue": job.queue, "kind": job.kind, "user": job.owner},
    )
    if job.state == State.WAITING:
        push([Hint(id=job.pk, queue=job.queue, priority=job.priority, front=job.front)])
    tell([(job.state, job.queue, job.pk)])


def _announce_many(ids: list[int], drafts: list[Draft]) -> None:
    log.info("Added %s jobs", len(ids), extra={"first": ids[0], "last": ids[-1]})
    push(
        Hint(id_, one.conf.name, one.shape["priority"], one.shape["front"])
        for id_, one in zip(ids, drafts, strict=True)
        if one.due["state"] == State.WAITING
    )
    tell(
        (one.due["state"], one.conf.name, id_)
        for id_, one in zip(ids, drafts, strict=True)
        if one.due["state"] != State.WAITING
    )
