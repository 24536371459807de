"""Who does what to jobs and queues. Verbs record themselves; doors say who is acting."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from queues.models import AuditEntry
from queues.trouble import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_ACTOR: Final = 200
MAX_REASON: Final = 1000


class Door(StrEnum):
    """Where a verb came in."""

    ADMIN = "admin"
    API = "API"
    CLI = "CLI"
    PAGE = "page"
    CODE = "code"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who is acting, through which door, and why, in their own words."""

    name: str = ""
    door: Door = Door.CODE
    reason: str = ""


CODE: Final = Actor()
_actor: ContextVar[Actor] = ContextVar("actor", default=CODE)


@contextmanager
def acting_as(name: str, door: Door, reason: str = "") -> Iterator[Actor]:
    """Let the verbs inside of the block be this person's. Texts are cut and scrubbed."""
    actor = Actor(name=scrub(name)[:MAX_ACTOR], door=door, reason=scrub(reason)[:MAX_REASON])
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)


def terminal_user() -> str:
    """Return who runs this process, for verbs from a terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return f"uid {os.getuid()}"


def current() -> Actor:
    """Return who is acting; outside of `acting_as` that is code."""
    return _actor.get()


def record(
    verb: str,
    target: Mapping[str, Any],
    *,
    count: int = 1,
    before: Any = None,
    after: Any = None,
) -> AuditEntry:
    """Write what was done, in the verb's own transaction: both are there, or neither.

    `target` says to what: `{"job": 7}`, `{"queue": "notifications"}`, `{"filter": {…}}`. `before`
    and `after` are JSON.
    """
    actor = current()
    return AuditEntry.objects.create(
        actor=actor.name,
        door=actor.door.value,
        reason=actor.reason,
        verb=verb,
        target=dict(target),
        count=count,
        before=before,
        after=after,
    )
