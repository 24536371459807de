"""The options of a job as clients read them: in the names and units that they send them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from queues.api.options import CLIENT_NAMES
from queues.api.units import MS
from queues.keep import ALL, parse_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that a row keeps, such as a schedule's; sent back they mean the same."""
    return {
        theirs: _SHOWN.get(ours, _as_it_is)(options[ours])
        for ours, theirs in CLIENT_NAMES.items()
        if options.get(ours) is not None
    }


def shown_keep(stored: Any) -> object:
    """Return a retention in the shortest of its forms: no bound at all is `false`."""
    keep = parse_keep(stored)
    bounds = {"count": keep.count} if keep.count != ALL else {}
    if keep.age is None:
        return bounds.get("count", False)
    return {**bounds, "age": keep.age}


def _milliseconds(seconds: int) -> int:
    return seconds * MS


def _as_it_is(value: object) -> object:
    return value


_SHOWN: Final[Mapping[str, Callable[[Any], object]]] = {
    "timeout": _milliseconds,
    "keep_completed": shown_keep,
    "keep_failed": shown_keep,
}
