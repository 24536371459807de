"""Validating what somebody wants to enqueue. Nothing here touches the database."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict, cast

from queues import registry, strict_json
from queues.arguments import Arguments, ArgumentsError
from queues.conf import (
    MAX_ATTEMPTS,
    MAX_DELAY_SECONDS,
    MAX_PAYLOAD_BYTES,
    MAX_PRIORITY,
    MAX_TIMEOUT_SECONDS,
    QueueConf,
    get_queues,
)
from queues.keep import KeepError, parse_keep
from queues.retry import HANDLER, Backoff, BackoffError, parse_backoff
from queues.states import State
from queues.unique import Unique, UniqueError, parse_unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queues.keep import Keep

MAX_NAME: Final = 200
MAX_OWNER: Final = 64
MAX_LIMIT_KEY: Final = 200


class EnqueueError(ValueError):
    """A job that is not accepted. `field` names what was wrong, the message what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def below(self, place: object) -> EnqueueError:
        """Return the same of a job that is part of more: its field begins with the place."""
        return EnqueueError(f"{place}.{self.field}", self.message)


class Options(TypedDict, total=False):
    """The options of `queues.enqueue.enqueue`, by name; what is left out comes from the queue."""

    delay: float
    run_at: datetime | None
    priority: int
    attempts: int | None
    backoff: Backoff | Mapping[str, Any] | int | None
    timeout: int | None
    keep_completed: Keep | Mapping[str, Any] | bool | int | None
    keep_failed: Keep | Mapping[str, Any] | bool | int | None
    unique: Unique | str | None
    front: bool
    limit_key: str
    queue: str


OPTIONS: Final = tuple(Options.__annotations__)
# What differs from job to job. A date, moreover, equals one that is an hour later, in the hour that
# a clock goes through twice.
OWN_OPTIONS: Final = ("unique", "delay", "run_at", "limit_key")
AT_ONCE: Final = MappingProxyType({"state": State.WAITING.value, "delay": 0.0, "run_at": None})
# json.dumps would make an encoder for each payload.
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


class Draft(NamedTuple):
    """A job that may be inserted. `shape` is shared by all jobs of one kind with equal options."""

    conf: QueueConf
    shape: Mapping[str, Any]
    due: Mapping[str, Any]
    name: str
    owner: str
    payload: str
    unique: Unique | None
    limit_key: str = ""
    schedule_id: int | None = None
    is_child: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the statement that inserts one job."""
        return {
            **self.shape,
            **self.due,
            "name": self.name,
            "owner": self.owner,
            "payload": self.payload,
            "unique_key": self.unique.key if self.unique else "",
            "ttl": self.unique.ttl if self.unique else None,
            "limit_key": self.limit_key,
            "schedule_id": self.schedule_id,
            "is_child": self.is_child,
        }


def draft(arguments: Arguments, options: Options) -> Draft:
    """Return the job that the arguments and options describe. Raises EnqueueError."""
    spec = _spec(arguments)
    conf = _conf(options.get("queue", spec.queue))
    unique = _unique(options.get("unique"))
    # Types too, for True equals 1 and is no priority.
    items = tuple(
        (name, type(value), value) for name, value in options.items() if name not in OWN_OPTIONS
    )
    try:
        shape = _kept_shape(spec, conf, items)
    except TypeError:
        # A policy that is a dictionary cannot be looked up.
        shape = _shape(spec, conf, options)
    due = _due(options) if "delay" in options or "run_at" in options else AT_ONCE
    limit_key = options.get("limit_key", arguments.limit_key)
    if limit_key != "":
        _check_limit_key(limit_key)
    return Draft(
        conf=conf, shape=shape, due=due, unique=unique, limit_key=limit_key, **describe(arguments)
    )


@lru_cache(maxsize=1024)
def _kept_shape(
    spec: registry.Spec, conf: QueueConf, items: tuple[tuple[str, type, Any], ...]
) -> Mapping[str, Any]:
    """Remember shapes: most jobs of a kind have the same options, and checking them takes time."""
    return _shape(spec, conf, cast("Options", {name: value for name, _, value in items}))


def _shape(spec: registry.Spec, conf: QueueConf, options: Options) -> Mapping[str, Any]:
    """Return all columns but those of OWN_OPTIONS and the arguments. Raises EnqueueError."""
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise EnqueueError(min(unknown), f"is no option; allowed: {', '.join(OPTIONS)}.")
    attempts = _or(options.get("attempts"), spec.attempts, conf.attempts)
    timeout = _or(options.get("timeout"), spec.timeout, conf.timeout)
    backoff = _backoff(_or(options.get("backoff"), spec.backoff, conf.backoff), spec)
    return MappingProxyType(
        {
            "queue": conf.name,
            "kind": spec.kind,
            "payload_version": spec.arguments.version,
            "priority": _whole("priority", options.get("priority", 0), 0, MAX_PRIORITY),
            "front": _flag("front", options.get("front", False)),
            "max_attempts": _whole("attempts", attempts, 1, MAX_ATTEMPTS),
            "timeout": _whole("timeout", timeout, 1, MAX_TIMEOUT_SECONDS),
            "backoff": json.dumps(backoff.as_json()),
            **_keep("keep_completed", options.get("keep_completed")),
            **_keep("keep_failed", options.get("keep_failed")),
        }
    )


def describe(arguments: Arguments) -> dict[str, Any]:
    """Return name, owner and payload (as JSON text) of arguments. Raises EnqueueError."""
    try:
        payload = arguments.as_json()
        strict_json.check_value(payload)
        for text in (arguments.job_name, arguments.owner):
            strict_json.check_text(text)
    except (ArgumentsError, strict_json.StrictJSONError) as error:
        raise EnqueueError("payload", str(error)) from error
    text = _encode(payload)
    size = len(text.encode())
    if size > MAX_PAYLOAD_BYTES:
        raise EnqueueError("payload", f"is {size} bytes; allowed: {MAX_PAYLOAD_BYTES}.")
    for field, value, most in (
        ("name", arguments.job_name, MAX_NAME),
        ("owner", arguments.owner, MAX_OWNER),
    ):
        if len(value) > most:
            raise EnqueueError(field, f"has {len(value)} characters; allowed: {most}.")
    return {"name": arguments.job_name, "owner": arguments.owner, "payload": text}


def _spec(arguments: Arguments) -> registry.Spec:
    if not isinstance(arguments, Arguments):
        raise EnqueueError("arguments", f"are {arguments!r:.50}; allowed: Arguments.")
    try:
        return registry.get(arguments.kind)
    except registry.RegistryError as error:
        raise EnqueueError("kind", str(error)) from error


def _conf(queue: str | None) -> QueueConf:
    queues = get_queues()
    if type(queue) is not str or queue not in queues:
        raise EnqueueError("queue", f"is {queue!r:.50}; allowed: {', '.join(queues)}.")
    return queues[queue]


def _due(options: Options) -> dict[str, Any]:
    delay = float(_number("delay", options.get("delay", 0), 0, MAX_DELAY_SECONDS))
    run_at = options.get("run_at")
    if run_at is None:
        state = State.DELAYED if delay else State.WAITING
        return {"state": state.value, "delay": delay, "run_at": None}
    if not isinstance(run_at, datetime) or run_at.tzinfo is None:
        raise EnqueueError("run_at", f"is {run_at!r}; allowed: a datetime with a time zone.")
    if delay:
        raise EnqueueError("run_at", "is given together with delay; allowed: one of them.")
    # Due or not is for Postgres' clock to say: the next promotion finds what is due already.
    return {"state": State.DELAYED.value, "delay": 0.0, "run_at": run_at}


def _or(*values: Any) -> Any:
    """Return the first value that is not None, else None."""
    return next((value for value in values if value is not None), None)


def _backoff(value: Backoff | Mapping[str, Any] | int, spec: registry.Spec) -> Backoff:
    try:
        backoff = parse_backoff(value)
    except BackoffError as error:
        raise EnqueueError("backoff", str(error)) from error
    if backoff.type == HANDLER and spec.backoff_function is None:
        raise EnqueueError("backoff", f"is left to {spec.kind}, which has no function for it.")
    return backoff


def _keep(field: str, value: Keep | Mapping[str, Any] | bool | int | None) -> dict[str, Any]:
    if value is None:
        return {field: None, f"{field}_age": None}
    try:
        keep = parse_keep(value)
    except KeepError as error:
        raise EnqueueError(field, str(error)) from error
    return {field: keep.count, f"{field}_age": keep.age}


def _unique(value: Unique | str | None) -> Unique | None:
    if value is None:
        return None
    try:
        unique = parse_unique(value)
        strict_json.check_text(unique.key)
    except (UniqueError, strict_json.StrictJSONError) as error:
        raise EnqueueError("unique", str(error)) from error
    return unique


def _check_limit_key(value: str) -> None:
    if type(value) is not str or len(value) > MAX_LIMIT_KEY:
        raise EnqueueError("limit_key", f"is {value!r:.50}; allowed: text of 0 to {MAX_LIMIT_KEY}.")
    try:
        strict_json.check_text(value)
    except strict_json.StrictJSONError as error:
        raise EnqueueError("limit_key", str(error)) from error


def _flag(field: str, value: bool) -> bool:
    if type(value) is not bool:
        raise EnqueueError(field, f"is {value!r}; allowed: True, False.")
    return value


def _whole(field: str, value: int, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise EnqueueError(field, f"is {value!r}; allowed: a whole number, {least} to {most}.")
    return value


def _number(field: str, value: float, least: float, most: float) -> float:
    if type(value) not in {int, float} or not least <= value <= most:
        raise EnqueueError(field, f"is {value!r}; allowed: a number, {least} to {most}.")
    return value
