"""What somebody may have meant. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence that refuses a name, with the one that it looks like."""
    allowed = sorted(known)
    near = get_close_matches(name, allowed, n=1) or [
        one for one in allowed if one.casefold() == name.casefold()
    ]
    hint = f" did you mean {near[0]}?" if near else ""
    names = ", ".join(allowed) or "none"
    return f"Unknown {what};{hint} allowed: {names}."
