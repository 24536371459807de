"""Which jobs are meant: one object behind the admin, the API, the command line and the counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q

from queues.conf import MAX_PRIORITY
from queues.filter_words import MAX_ID, FilterError, ids, moment, states, text, whole, write, yes
from queues.models import Dependency, Job
from queues.private import payload_contains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import QuerySet

    from queues.filter_words import Reader
    from queues.states import State

__all__ = ["WORDS", "FilterError", "JobFilter", "parse"]

MAX_SOUGHT: Final = 1000
MAX_ATTEMPT: Final = 2**15 - 1


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """What jobs must be like, all of it at once; None is not asked for.

    `name` and `error` are contained in the name and the last error's message, whatever the case,
    and `payload` in the payload's JSON as Postgres writes it, with a space behind each colon. `key`
    is a `limit_key`, or the beginning of one with `*` behind it. `parent` means the jobs
    that this job waits for. A date `after` is included, a date `before` is not. `all` asks for
    nothing: it says that an empty filter is meant.
    """

    queue: str | None = None
    state: tuple[State, ...] | None = None
    kind: str | None = None
    name: str | None = None
    owner: str | None = None
    key: str | None = None
    error: str | None = None
    payload: str | None = None
    error_class: str | None = None
    fingerprint: str | None = None
    schedule: int | None = None
    parent: int | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    finished_after: datetime | None = None
    finished_before: datetime | None = None
    ids: tuple[int, ...] | None = None
    priority: int | None = None
    attempt_over: int | None = None
    all: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every job fits."""
        return set(self._given()) <= {"all"}

    def as_words(self) -> dict[str, str]:
        """Return the words that `parse` makes this filter of. Ages have become dates."""
        return {name: write(value) for name, value in self._given().items()}

    def queryset(self) -> QuerySet[Job]:
        """Return the jobs, in no order."""
        return self.among(Job.objects.all())

    def among(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        """Return those of some jobs that fit."""
        for name, value in self._given().items():
            jobs = jobs.filter(CONDITIONS[name](value))
        return jobs

    def count(self, up_to: int | None = None) -> int:
        """Return how many jobs there are; no more than `up_to` are looked for."""
        return self.queryset().values("pk")[:up_to].count()

    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


WORDS: Final[Mapping[str, Reader]] = {
    # A queue or a kind may be gone from the settings and still have jobs.
    "queue": text(64),
    "state": states,
    "kind": text(100),
    "name": text(200),
    "owner": text(64),
    "key": text(201),
    "error": text(MAX_SOUGHT),
    "payload": text(MAX_SOUGHT),
    "error_class": text(200),
    "fingerprint": text(16),
    "schedule": whole(MAX_ID),
    "parent": whole(MAX_ID),
    "created_after": moment,
    "created_before": moment,
    "finished_after": moment,
    "finished_before": moment,
    "ids": ids,
    "priority": whole(MAX_PRIORITY),
    "attempt_over": whole(MAX_ATTEMPT),
    "all": yes,
}


def parse(words: Mapping[str, str], *, now: datetime | None = None) -> JobFilter:
    """Return the filter that the words describe; ages are counted back from `now`.

    Raises FilterError for an unknown word, and for a value that is no text or out of range; an
    empty one too, for what was left out by mistake must not mean all jobs.
    """
    now = now or datetime.now(tz=UTC)
    return JobFilter(**{name: _read(name, word, now) for name, word in words.items()})


def _read(name: str, word: str, now: datetime) -> Any:
    if name not in WORDS:
        raise FilterError(f"{name!r:.50}", f"is no word of a filter; allowed: {', '.join(WORDS)}.")
    if type(word) is not str:
        raise FilterError(name, f"is {word!r:.50}; allowed: text.")
    return WORDS[name](name, word, now)


def _in_states(names: tuple[State, ...]) -> Q:
    # One state by itself: that is what the partial indexes are made for.
    return Q(state=names[0]) if len(names) == 1 else Q(state__in=names)


def _with_key(key: str) -> Q:
    if key.endswith("*"):
        return Q(limit_key__startswith=key[:-1]) & ~Q(limit_key="")
    return Q(limit_key=key)


def _children_of(parent: int) -> Q:
    return Q(pk__in=Dependency.objects.filter(parent_id=parent).values("child_id"))


CONDITIONS: Final[Mapping[str, Callable[[Any], Q]]] = {
    "queue": lambda value: Q(queue=value),
    "state": _in_states,
    "kind": lambda value: Q(kind=value),
    "name": lambda value: Q(name__icontains=value),
    "owner": lambda value: Q(owner=value),
    "key": _with_key,
    "error": lambda value: Q(error_message__icontains=value),
    "payload": payload_contains,
    "error_class": lambda value: Q(error_class=value),
    "fingerprint": lambda value: Q(fingerprint=value),
    "schedule": lambda value: Q(schedule_id=value),
    "parent": _children_of,
    "created_after": lambda value: Q(created_at__gte=value),
    "created_before": lambda value: Q(created_at__lt=value),
    "finished_after": lambda value: Q(finished_at__gte=value),
    "finished_before": lambda value: Q(finished_at__lt=value),
    "ids": lambda value: Q(pk__in=value),
    "priority": lambda value: Q(priority=value),
    "attempt_over": lambda value: Q(attempt__gt=value),
    "all": lambda _: Q(),
}
