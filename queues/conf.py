"""Typed settings of the engine, with what a wrong one says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from django.conf import settings

from queues.keep import Keep, KeepError, parse_keep
from queues.retry import Backoff, BackoffError, parse_backoff

MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_RESULT_BYTES: Final = 64 * 1024
MAX_PRIORITY: Final = 2_097_151
MAX_ATTEMPTS: Final = 1000
# How many attempts of a job keep their rows, the newest ones.
MAX_ATTEMPT_ROWS: Final = 100
MAX_DELAY_SECONDS: Final = 366 * 24 * 3600
MAX_TIMEOUT_SECONDS: Final = 24 * 3600
MAX_BULK: Final = 10_000
MAX_CRASHES: Final = 3
BEATS_PER_LEASE: Final = 3
# How soon a beat that failed is tried again.
BEAT_AGAIN_SECONDS: Final = 0.5
# A worker whose interpreter is silent for so long is taken for dead.
SILENCE_SECONDS: Final = 60.0
MAX_SLOTS: Final = 500
LOOK_SECONDS: Final = 1.0
STUCK_SECONDS: Final = 5.0
MAX_TRACEBACK: Final = 16 * 1024
MAX_MESSAGE: Final = 4096
PUSH_TIMEOUT_SECONDS: Final = 0.1


NO_BACKOFF: Final = Backoff()
KEEP_SOME: Final = Keep(count=1000)
KEEPS: Final = ("keep_completed", "keep_failed", "keep_cancelled")


class QueueSettingsError(ValueError):
    """The QUEUES setting cannot be used; the message names queue and field."""


# Compared by identity: it is a key of what enqueueing remembers.
@dataclass(frozen=True, kw_only=True, eq=False)
class QueueConf:
    """A queue and the defaults of its jobs.

    `attempts` are total tries. The `keep_` fields say which finished jobs stay. `timeout` is
    seconds from a job's start. `slots` is how many jobs of this queue one worker runs side by side.
    """

    name: str
    json_name: str
    attempts: int = 1
    backoff: Backoff = NO_BACKOFF
    timeout: int = 180
    keep_completed: Keep = KEEP_SOME
    keep_failed: Keep = KEEP_SOME
    keep_cancelled: Keep = KEEP_SOME
    slots: int = 8

    @property
    def label(self) -> str:
        """How logs name the queue: "content aggregation"; "user action", not "user actions"."""
        return self.name.replace("-", " ").removesuffix("s")


def parse_queue(name: str, raw: dict[str, Any]) -> QueueConf:
    """Return the typed settings of one queue, or raise QueueSettingsError."""
    known = {field.name: field for field in fields(QueueConf)}
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise QueueSettingsError(
            f"{name}: unknown setting {unknown[0]!r}; allowed: {sorted(known)}."
        )
    for key in ("attempts", "timeout", "slots"):
        value = raw.get(key, 1)
        if type(value) is not int or value < 1:
            raise QueueSettingsError(f"{name}: {key} is {value!r}; allowed: 1 or more.")
    values = {**raw, "json_name": raw.get("json_name", name)}
    try:
        values["backoff"] = parse_backoff(raw.get("backoff", 0))
    except BackoffError as error:
        raise QueueSettingsError(f"{name}: {error}") from error
    for key in set(KEEPS) & set(raw):
        try:
            values[key] = parse_keep(raw[key])
        except KeepError as error:
            raise QueueSettingsError(f"{name}: {key}: {error}") from error
    return QueueConf(name=name, **values)


def get_queues() -> dict[str, QueueConf]:
    """Return every queue by name. Raises QueueSettingsError.

    Asked several times for each job, so the setting is parsed once for as long as it is the same.
    """
    if _parsed.get("from") is not settings.QUEUES:
        queues = {name: parse_queue(name, raw) for name, raw in settings.QUEUES.items()}
        _parsed.update({"from": settings.QUEUES, "queues": queues})
    return dict(_parsed["queues"])


def queue_named(word: str) -> QueueConf | None:
    """Return the queue that goes by a name, or by that name in JSON."""
    return next((one for one in get_queues().values() if word in {one.name, one.json_name}), None)


_parsed: dict[str, Any] = {}


def lease_seconds() -> int:
    """How long a worker that has stopped beating keeps its jobs."""
    return int(settings.QUEUE_LEASE_SECONDS)


def grace_seconds() -> int:
    """How long a worker that was told to stop waits for its running jobs."""
    return int(settings.QUEUE_GRACE_SECONDS)


def queue_of_operations() -> str:
    """Return the queue of the jobs that carry operations out; empty for the best one just then."""
    return str(settings.QUEUE_OF_OPERATIONS)


def code_version() -> str:
    """Return what this process runs, for people who deploy: a tag or a commit, or nothing."""
    return str(settings.CODE_VERSION)


def events_are_on() -> bool:
    """Whether changes of jobs are published, see `queues.transport.events`."""
    return bool(settings.QUEUE_EVENTS)


def event_viewers() -> int:
    """How many may look on in one process of the web server."""
    return int(settings.API_EVENT_VIEWERS)


def event_seconds() -> int:
    """How long somebody looks on before they have to come back."""
    return int(settings.API_EVENT_SECONDS)


def audit_days() -> int:
    """How long entries of the audit are kept, 30 days at the least."""
    return int(settings.AUDIT_DAYS)
