"""Sample jobs that have been through deploys: their payloads are of version 3 by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from queues.arguments import Arguments
from queues.registry import handles
from queues.upgrades import upgrades
from tests.jobs import QUEUE

if TYPE_CHECKING:
    from queues.context import Context


@dataclass(frozen=True, kw_only=True)
class Rename(Arguments):
    """Version 1 had `host`; 2 had `instance` instead; 3 has a limit besides."""

    kind: ClassVar[str] = "tests.rename"
    version: ClassVar[int] = 3

    instance: str
    limit: int


@dataclass(frozen=True, kw_only=True)
class RenameApart(Rename):
    """The same, in a process."""

    kind: ClassVar[str] = "tests.rename_apart"


@dataclass(frozen=True, kw_only=True)
class RenameAtomic(Rename):
    """The same, in a transaction."""

    kind: ClassVar[str] = "tests.rename_atomic"


def name_the_instance(payload: dict[str, Any]) -> dict[str, Any]:
    payload["instance"] = payload.pop("host")
    return payload


def add_a_limit(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "limit": 40}


def rename(arguments: Rename, context: Context) -> str:
    return f"{arguments.limit} of {arguments.instance}"


for each in (Rename, RenameApart, RenameAtomic):
    upgrades(each, from_version=1)(name_the_instance)
    upgrades(each, from_version=2)(add_a_limit)
handles(Rename, queue=QUEUE)(rename)
handles(RenameApart, queue=QUEUE, run_in="process")(rename)
handles(RenameAtomic, queue=QUEUE, atomic=True)(rename)
