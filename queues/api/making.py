"""Jobs out of what clients wrote: which kinds they may name, and whose the jobs are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from queues.api.scopes import changes_all, owner_of
from queues.arguments import camel, owner_field
from queues.drafting import arguments_of, draft_of, refusals
from queues.options import EnqueueError
from queues.unique import Unique, UniqueError

if TYPE_CHECKING:
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
        """Return the job that is described. Raises EnqueueError."""
        arguments = arguments_of(kind, {**payload, **said.data})
        self.check_owner(arguments)
        return draft_of(arguments, self._own_key(said.options))

    def check_owner(self, arguments: Arguments) -> None:
        """Refuse jobs that would be somebody else's. Raises EnqueueError."""
        if self.is_free:
            return
        with refusals():
            owner = arguments.owner
        if owner != self.owner:
            raise EnqueueError("payload", _whose(arguments, owner, self.owner))

    def _own_key(self, options: Options) -> Options:
        """Return the options, with a key that others' jobs neither hold nor are kept from."""
        unique = options.get("unique")
        if self.is_free or not isinstance(unique, Unique):
            return options
        try:
            return {**options, "unique": replace(unique, key=f"user:{self.owner}:{unique.key}")}
        except UniqueError as error:
            raise EnqueueError("unique", "is too long for a key of yours.") from error


def _whose(arguments: Arguments, owner: str, wanted: str) -> str:
    field = owner_field(type(arguments))
    own = f"allowed: {wanted!r}, for you may make jobs of your own alone."
    if field is None:
        return f"The job would be {owner!r:.80}'s; {own}"
    return f"{camel(field)} is {owner!r:.80}; {own}"
