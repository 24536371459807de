"""Which failures are the same: a kind, a class of error, and the place that it comes from. Pure."""

from __future__ import annotations

import hashlib
import sysconfig
import traceback
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

DIGITS: Final = 16
MAX_PLACE: Final = 300
ENGINE: Final = __name__.partition(".")[0]
STANDARD_LIBRARY: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
PACKAGES: Final = ("/site-packages/", "/dist-packages/")


def fingerprint(kind: str, error_class: str, place: str) -> str:
    """Return 16 hex digits, the same for the same three texts in every process and release."""
    # Postgres stores no NUL, so it is in none of them.
    text = f"{kind}\0{error_class}\0{place}"
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def place_of(error: BaseException) -> str:
    """Return module and function that an error comes from; empty if it was never raised.

    That is the innermost frame of application code: not of a library, nor of this engine, nor of
    generated code. Where there is none, it is the innermost frame of all. There are no line
    numbers in it, so an edit elsewhere in the file changes nothing; lambdas and comprehensions
    count as the function around them.

    An error that was raised `from` another comes from where that one does, and an exception group
    from where its members do, the first of them by name. What was merely being handled when the
    error was raised does not count.
    """
    for layer in reversed(_layers(error)):
        if places := [place for one in layer if (place := _own_place(one))]:
            return min(places)
    frames = _frames(error)
    return _name(frames[-1]) if frames else ""


def _layers(error: BaseException) -> list[Sequence[BaseException]]:
    """Return an error, then what is directly beneath it, then what is beneath those, and so on."""
    layers: list[Sequence[BaseException]] = []
    seen: set[int] = set()
    layer: Sequence[BaseException] = [error]
    while layer:
        layers.append(layer)
        seen.update(map(id, layer))
        beneath = {id(one): one for above in layer for one in _beneath(above)}
        layer = [one for key, one in beneath.items() if key not in seen]
    return layers


def _beneath(error: BaseException) -> Sequence[BaseException]:
    if error.__cause__ is not None:
        return [error.__cause__]
    return error.exceptions if isinstance(error, BaseExceptionGroup) else []


def _own_place(error: BaseException) -> str:
    """Return the innermost frame of application code, by name; empty if there is none."""
    return next((_name(one) for one in reversed(_frames(error)) if _is_application(one)), "")


def _frames(error: BaseException) -> list[FrameType]:
    return [frame for frame, _line in traceback.walk_tb(error.__traceback__)]


def _is_application(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    # What has no file was generated, or is frozen into the interpreter.
    is_library = file.startswith(("<", *STANDARD_LIBRARY)) or any(one in file for one in PACKAGES)
    return not is_library and _module(frame).partition(".")[0] != ENGINE


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _name(frame: FrameType) -> str:
    parts = frame.f_code.co_qualname.split(".")
    # `f.<locals>.<listcomp>` is f. Python 3.12 gives most comprehensions no frame of their own.
    function = ".".join(part for part in parts if not part.startswith("<")) or parts[-1]
    return f"{_module(frame)}.{function}"[:MAX_PLACE]
