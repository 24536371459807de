"""Typed settings of the engine, with what a wrong one says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from django.conf import settings

from queues.retry import Backoff, BackoffError, parse_backoff

MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_RESULT_BYTES: Final = 64 * 1024
MAX_PRIORITY: Final = 2_097_151
MAX_ATTEMPTS: Final = 1000
MAX_DELAY_SECONDS: Final = 366 * 24 * 3600
MAX_CRASHES: Final = 3
BEATS_PER_LEASE: Final = 3
LOOK_SECONDS: Final = 1.0
PUSH_TIMEOUT_SECONDS: Final = 0.1


NO_BACKOFF: Final = Backoff()


class QueueSettingsError(ValueError):
    """The QUEUES setting cannot be used; the message names queue and field."""


@dataclass(frozen=True, kw_only=True)
class QueueConf:
    """A queue and the defaults of its jobs.

    `attempts` are total tries. `keep_completed` and `keep_failed` are how many finished jobs stay,
    newest first. `timeout` is seconds from a job's start. `slots` is how many jobs of this queue
    one worker runs side by side.
    """

    name: str
    json_name: str
    attempts: int = 1
    backoff: Backoff = NO_BACKOFF
    timeout: int = 180
    keep_completed: int = 1000
    keep_failed: int = 1000
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
    for key in ("attempts", "timeout", "slots", "keep_completed", "keep_failed"):
        least = 0 if key.startswith("keep") else 1
        value = raw.get(key, least)
        if type(value) is not int or value < least:
            raise QueueSettingsError(f"{name}: {key} is {value!r}; allowed: {least} or more.")
    try:
        backoff = parse_backoff(raw.get("backoff", 0))
    except BackoffError as error:
        raise QueueSettingsError(f"{name}: {error}") from error
    values = {**raw, "backoff": backoff, "json_name": raw.get("json_name", name)}
    return QueueConf(name=name, **values)


def get_queues() -> dict[str, QueueConf]:
    """Return every queue by name. Raises QueueSettingsError."""
    return {name: parse_queue(name, raw) for name, raw in settings.QUEUES.items()}


def lease_seconds() -> int:
    """How long a worker that has stopped beating keeps its jobs."""
    return int(settings.QUEUE_LEASE_SECONDS)


def grace_seconds() -> int:
    """How long a worker that was told to stop waits for its running jobs."""
    return int(settings.QUEUE_GRACE_SECONDS)


def code_version() -> str:
    """Return what this process runs, for people who deploy: a tag or a commit, or nothing."""
    return str(settings.CODE_VERSION)
