"""Jobs out of what clients wrote: which kinds they may name, and whose the jobs are."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from queues.api.scopes import changes_all, owner_of
from queues.arguments import camel, owner_field
from queues.drafting import arguments_of, draft_of, refusals
from queues.options import EnqueueError
from queues.spelling import MOST, cut
from queues.unique import MAX_KEY, Unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from queues.api.options import Given
    from queues.arguments import Arguments
    from queues.options import Draft, Options


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
        return draft_of(arguments, self.own_key(said.options))

    def check_owner(self, arguments: Arguments) -> None:
        """Refuse jobs that would be somebody else's. Raises EnqueueError."""
        if self.is_free:
            return
        with refusals():
            owner = arguments.owner
        if owner != self.owner:
            raise EnqueueError("payload", _whose(arguments, owner, self.owner))

    def own_key(self, options: Options) -> Options:
        """Return the options, with a key that others' jobs neither hold nor are kept from.

        Else a caller would be shown the job of another who holds it, or replace that. Who may do so
        anyhow has the key as it is. Raises ValidationError.
        """
        unique = options.get("unique")
        if self.is_free or not isinstance(unique, Unique):
            return options
        prefix = f"user:{self.owner}:"
        most = MAX_KEY - len(prefix)
        if len(unique.key) > most:
            message = f"Too long; allowed: {most} characters."
            raise ValidationError({"options": {"deduplication": {"id": [message]}}})
        return {**options, "unique": replace(unique, key=prefix + unique.key)}


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
