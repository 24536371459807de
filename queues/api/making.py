"""Jobs out of what clients wrote: which kinds they may name, and whose the jobs are."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.exceptions import ErrorDetail, ValidationError

from queues.api.bounds import bounded
from queues.api.errors import TooMany
from queues.api.scopes import MANAGE, changes_all, owner_of
from queues.arguments import camel, owner_field
from queues.drafting import arguments_of, draft_of, refusals
from queues.models import Job
from queues.options import MAX_LIMIT_KEY, EnqueueError, Options
from queues.spelling import MOST, cut
from queues.states import LIVE
from queues.unique import MAX_KEY, Unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rest_framework.request import Request

    from queues.api.options import Given
    from queues.arguments import Arguments
    from queues.options import Draft

# Of the engine's options, those that are for operators, and how clients call them.
FOR_OPERATORS: Final = {"front": "lifo", "queue": "queue"}
WAIT_SECONDS: Final = 60
# Limit keys of one user's unfinished jobs.
MAX_KEYS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Who makes jobs. Their own alone, unless they may change everybody's."""

    owner: str
    is_free: bool

    @classmethod
    def of(cls, request: Request) -> Maker:
        """Return the maker that a caller is."""
        return cls(owner=owner_of(request), is_free=changes_all(request))

    def draft(self, kind: str, payload: dict[str, Any], said: Given) -> Draft:
        """Return the job that is described. Raises EnqueueError and ValidationError."""
        if wrong := contradictions(payload, said.data):
            raise ValidationError({"options": {"data": wrong}})
        arguments = arguments_of(kind, {**said.data, **payload})
        self.check_owner(arguments)
        return draft_of(arguments, self.own_options(arguments, said.options))

    def check_owner(self, arguments: Arguments) -> None:
        """Refuse jobs that would be somebody else's. Raises EnqueueError."""
        if self.is_free:
            return
        with refusals():
            owner = arguments.owner
        if owner != self.owner:
            raise EnqueueError("payload", _whose(arguments, owner, self.owner))

    def own_options(self, arguments: Arguments, options: Options) -> Options:
        """Return the options as this maker may have them, with keys that are theirs alone.

        A key that others hold as well would show or replace their jobs, or take up their places in
        a limit; jobs at the front, or in another queue, would be at the cost of everybody's, and so
        would jobs that are tried or kept without end (see `queues.api.bounds`). Who may change
        everybody's jobs has the options as they are. Raises ValidationError.
        """
        if self.is_free:
            return options
        for ours, theirs in FOR_OPERATORS.items():
            if options.get(ours):
                raise ValidationError({"options": {theirs: [f"This needs the scope {MANAGE}."]}})
        own = bounded(arguments.kind, options)
        unique = options.get("unique")
        if isinstance(unique, Unique):
            key = self._own_key(unique.key, MAX_KEY, "deduplication", "id")
            own["unique"] = replace(unique, key=key)
        if options.get("limit_key") is not None:
            own["limit_key"] = self._own_limit_key(arguments, options["limit_key"])
        return own

    def check_room(self, count: int) -> None:
        """Refuse more jobs of a maker than API_MAX_UNFINISHED, about. Raises TooMany.

        A finished job whose key is held still counts, for its row stays until then.
        """
        most = int(settings.API_MAX_UNFINISHED)
        if self.is_free:
            return
        stays = Q(state__in=LIVE) | Q(unique_until__gt=Now())
        mine = Job.objects.filter(stays, owner=self.owner)[:most].count()
        if mine + count > most:
            message = f"{mine} jobs of yours are unfinished; allowed: {most} with these {count}."
            raise TooMany(message, wait=WAIT_SECONDS, code="too_many_unfinished")

    def check_keys(self, keys: Iterable[str]) -> None:
        """Refuse jobs with more limit keys than a maker's unfinished jobs may have in all.

        A worker goes from key to key to find what may begin, so each costs every claim a step.
        Raises TooMany.
        """
        new = {*keys} - {""}
        if self.is_free or not new:
            return
        mine = Job.objects.filter(owner=self.owner, state__in=LIVE).exclude(limit_key="")
        used = {*mine.values_list("limit_key", flat=True).distinct()[:MAX_KEYS]}
        if len(used | new) > MAX_KEYS:
            message = f"Your unfinished jobs have {len(used)} limit keys; allowed: {MAX_KEYS}."
            raise TooMany(message, wait=WAIT_SECONDS, code="too_many_keys")

    def _own_limit_key(self, arguments: Arguments, key: str) -> str:
        with refusals():
            of_kind = arguments.limit_key
        if of_kind and key != of_kind:
            message = "These arguments have a key of their own; leave it out."
            raise ValidationError({"options": {"limitKey": [message]}})
        return key if of_kind or not key else self._own_key(key, MAX_LIMIT_KEY, "limitKey")

    def _own_key(self, key: str, most: int, *place: str) -> str:
        prefix = f"user:{self.owner}:"
        if len(prefix) + len(key) > most:
            wrong: Any = [f"Too long; allowed: {most - len(prefix)} characters."]
            for name in reversed(("options", *place)):
                wrong = {name: wrong}
            raise ValidationError(wrong)
        return prefix + key


def contradictions(own: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
    """Return which names of `options.data` say otherwise than a request itself (`own`), with why.

    It may add to what a job is told, and repeat; nobody becomes another user there. At most MOST.
    """
    both = sorted(data.keys() & own.keys())
    found = [name for name in both if _written(data[name]) != _written(own[name])]
    return {
        cut(name): [
            ErrorDetail(
                f"Contradicts the request; allowed: {own[name]!r:.80}, or leave it out.",
                "contradiction",
            )
        ]
        for name in found[:MOST]
    }


def _written(value: object) -> str:
    # In Python, 1 equals 1.0 and true.
    return json.dumps(value, sort_keys=True)


def _whose(arguments: Arguments, owner: str, wanted: str) -> str:
    field = owner_field(type(arguments))
    own = f"allowed: {wanted!r}, for you may make jobs of your own alone."
    if field is None:
        return f"The job would be {owner!r:.80}'s; {own}"
    return f"{camel(field)} is {owner!r:.80}; {own}"
