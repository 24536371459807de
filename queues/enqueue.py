"""Accepting a job: validate, insert in the caller's transaction, push a hint on commit."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction

from queues import registry, strict_json
from queues.arguments import ArgumentsError
from queues.conf import (
    MAX_ATTEMPTS,
    MAX_DELAY_SECONDS,
    MAX_PAYLOAD_BYTES,
    MAX_PRIORITY,
    QueueConf,
    get_queues,
)
from queues.database import fetch
from queues.models import Job
from queues.retry import Backoff, BackoffError, parse_backoff
from queues.statements import INSERT_JOB
from queues.states import State
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queues.arguments import Arguments

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_TIMEOUT_SECONDS = 24 * 3600
MAX_KEEP = 1_000_000


class EnqueueError(ValueError):
    """A job that is not accepted. `field` names what was wrong, the message what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, kw_only=True)
class _Options:
    priority: int
    max_attempts: int
    timeout: int
    backoff: Backoff
    keep_completed: int | None
    keep_failed: int | None


def enqueue(
    arguments: Arguments,
    *,
    delay: float = 0,
    priority: int = 0,
    attempts: int | None = None,
    backoff: Backoff | Mapping[str, Any] | int | None = None,
    timeout: int | None = None,
    keep_completed: int | None = None,
    keep_failed: int | None = None,
) -> Job:
    """Accept a job and return its row. It exists if and only if the caller's transaction commits.

    `delay` and `timeout` are seconds, `attempts` total tries, `backoff` a policy or fixed
    milliseconds, the `keep_` options how many finished jobs may be newer before this one goes.
    What is left out comes from the queue. After the commit its id is pushed to Redis; if that
    fails, a worker finds the row within a second.

    Raises EnqueueError, naming the field, for anything out of range, for arguments that cannot
    travel, and for a kind that has no handler.
    """
    spec = _spec(arguments)
    conf = get_queues()[spec.queue]
    seconds = _number("delay", delay, 0, MAX_DELAY_SECONDS)
    options = _Options(
        priority=_whole("priority", priority, 0, MAX_PRIORITY),
        max_attempts=_whole("attempts", _or(attempts, conf.attempts), 1, MAX_ATTEMPTS),
        timeout=_whole("timeout", _or(timeout, conf.timeout), 1, MAX_TIMEOUT_SECONDS),
        backoff=_backoff(conf.backoff if backoff is None else backoff),
        keep_completed=_keep("keep_completed", keep_completed),
        keep_failed=_keep("keep_failed", keep_failed),
    )
    job = _insert(arguments, conf, options, seconds)
    transaction.on_commit(lambda: _announce(job, conf))
    return job


def _announce(job: Job, conf: QueueConf) -> None:
    log.info(
        "Added %s job %s for user %s" if job.owner else "Added %s job %s",
        *([conf.label, job.pk, job.owner] if job.owner else [conf.label, job.pk]),
        extra={"job_id": job.pk, "queue": job.queue, "kind": job.kind, "user": job.owner},
    )
    if job.state == State.WAITING:
        push([Hint(id=job.pk, queue=job.queue, priority=job.priority)])


def _insert(arguments: Arguments, conf: QueueConf, options: _Options, seconds: float) -> Job:
    payload = _payload(arguments)
    job = Job(
        queue=conf.name,
        kind=arguments.kind,
        name=arguments.job_name,
        owner=arguments.owner,
        payload=payload,
        state=State.DELAYED if seconds else State.WAITING,
        **{**vars(options), "backoff": options.backoff.as_json()},
    )
    params = {
        **{field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields},  # noqa: SLF001  (Django documents _meta)
        "payload": json.dumps(payload),
        "backoff": json.dumps(job.backoff),
        "delay": seconds,
    }
    job.pk, job.created_at, job.run_at = fetch(INSERT_JOB, params)[0]
    job._state.adding = False  # noqa: SLF001  (Django documents _state)
    return job


def _spec(arguments: Arguments) -> registry.Spec:
    try:
        return registry.get(arguments.kind)
    except registry.RegistryError as error:
        raise EnqueueError("kind", str(error)) from error


def _payload(arguments: Arguments) -> dict[str, Any]:
    try:
        payload = arguments.as_json()
        strict_json.check_value(payload)
        for text in (arguments.job_name, arguments.owner):
            strict_json.check_text(text)
    except (ArgumentsError, strict_json.StrictJSONError) as error:
        raise EnqueueError("payload", str(error)) from error
    size = len(json.dumps(payload, ensure_ascii=False).encode())
    if size > MAX_PAYLOAD_BYTES:
        raise EnqueueError("payload", f"is {size} bytes; allowed: {MAX_PAYLOAD_BYTES}.")
    return payload


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _backoff(value: Backoff | Mapping[str, Any] | int) -> Backoff:
    try:
        return parse_backoff(value)
    except BackoffError as error:
        raise EnqueueError("backoff", str(error)) from error


def _keep(field: str, value: int | None) -> int | None:
    return None if value is None else _whole(field, value, 0, MAX_KEEP)


def _whole(field: str, value: int, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise EnqueueError(field, f"is {value!r}; allowed: a whole number, {least} to {most}.")
    return value


def _number(field: str, value: float, least: float, most: float) -> float:
    if type(value) not in {int, float} or not least <= value <= most:
        raise EnqueueError(field, f"is {value!r}; allowed: a number, {least} to {most}.")
    return value
