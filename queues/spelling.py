"""What somebody may have meant. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


# Nobody meant a longer name, and looking for what is like it takes time.
LONGEST: Final = 64
MOST: Final = 20


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence that refuses a name, with the one that it looks like."""
    allowed = sorted(known)
    near = [one for one in allowed if one.casefold() == name.casefold()]
    if not near and len(name) <= LONGEST:
        near = get_close_matches(name, allowed, n=1)
    hint = f" did you mean {near[0]}?" if near else ""
    names = ", ".join(allowed) or "none"
    return f"Unknown {what};{hint} allowed: {names}."


def strangers(what: str, names: Iterable[str], known: Iterable[str]) -> dict[str, list[str]]:
    """Return what to say of each name that is none of the known ones; of the first twenty."""
    allowed = {*known}
    found = sorted({*names} - allowed)[:MOST]
    return {cut(name): [unknown(what, name, allowed)] for name in found}


def cut(name: str) -> str:
    """Return a name as an answer repeats it."""
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
