"""What people wrote and operators need not read: fields of payloads that their kinds call private.

Only the owner of a job sees them. Everybody else, the audit included, gets a mask in their place,
and no search looks into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.lookups import IContains

from queues import registry
from queues.arguments import camel

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK: Final = "(private)"


def masked(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as people other than its job's owner may see it."""
    hidden = _private_names(kind)
    return {name: MASK if name in hidden else value for name, value in payload.items()}


def unmasked(kind: str, payload: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return an edited payload: where somebody left the mask as it was, with what is stored."""
    kept = _private_names(kind) & stored.keys()
    return {
        name: stored[name] if name in kept and value == MASK else value
        for name, value in payload.items()
    }


def payload_contains(text: str) -> Q:
    """Return the condition that a payload's JSON contains a text, private fields left out."""
    hiding = {kind: names for kind in registry.kinds() if (names := _private_names(kind))}
    found = Q(payload__icontains=text) & ~Q(kind__in=hiding)
    for kind, names in hiding.items():
        found |= Q(kind=kind) & Q(IContains(_without(names), text))
    return found


def _without(names: frozenset[str]) -> Func:
    return Func(
        F("payload"),
        Value(sorted(names)),
        template="(%(expressions)s::text[])::text",
        arg_joiner=" - ",
        output_field=TextField(),
    )


def _private_names(kind: str) -> frozenset[str]:
    try:
        names = registry.get(kind).arguments.private
    except registry.RegistryError:
        return frozenset()
    return frozenset(map(camel, names))
