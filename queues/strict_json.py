"""One strict reader of JSON for everything that comes from outside. Pure.

Refuses what Postgres cannot store or what two readers would understand differently: NUL, lone
surrogates, NaN and Infinity, integers beyond 2^53, repeated keys, nesting beyond 32, and documents
of more than 10,000 values, unless the caller allows more. Nesting is measured on the bytes, before
the parser can recurse.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, Never

MAX_DEPTH: Final = 32
MAX_NODES: Final = 10_000
MAX_INT: Final = 2**53
_STRINGS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class StrictJSONError(ValueError):
    """A document that is refused. `code` is stable, the message says what was wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def loads(raw: bytes, *, max_nodes: int = MAX_NODES) -> object:
    """Return the value of a UTF-8 JSON document. Raises StrictJSONError and nothing else."""
    _check_depth(raw)
    try:
        value: object = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            parse_float=_parse_float,
        )
    except UnicodeDecodeError as error:
        raise StrictJSONError("invalid_utf8", "The document is not UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise StrictJSONError("invalid_json", f"The document is not JSON ({where}).") from error
    check_value(value, max_nodes=max_nodes)
    return value


def check_value(value: object, *, max_nodes: int = MAX_NODES) -> None:
    """Raise StrictJSONError if a value has too many nodes, or text that Postgres cannot store."""
    pending, nodes = [value], 0
    while pending:
        nodes += 1
        if nodes > max_nodes:
            raise StrictJSONError("too_many_values", f"More than {max_nodes} values.")
        item = pending.pop()
        if isinstance(item, str):
            check_text(item)
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def check_text(text: str) -> None:
    """Raise StrictJSONError if text holds a NUL or a lone surrogate."""
    if found := _UNSTORABLE.search(text):
        if found.group() == "\x00":
            raise StrictJSONError("nul_character", "Text must not hold the character NUL.")
        raise StrictJSONError("lone_surrogate", "Text must not hold half of a surrogate pair.")


def _check_depth(raw: bytes) -> None:
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise StrictJSONError("too_deep", f"Nested deeper than {MAX_DEPTH} levels.")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise StrictJSONError("repeated_key", "An object names the same key twice.")
    return document


def _refuse_constant(name: str) -> Never:
    raise StrictJSONError("not_a_number", f"{name} is not JSON.")


def _parse_int(digits: str) -> int:
    if len(digits) > len(str(MAX_INT)) + 1 or abs(int(digits)) > MAX_INT:
        raise StrictJSONError("number_too_large", f"Whole numbers go to {MAX_INT} at most.")
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise StrictJSONError("number_too_large", "A number is too large.")
    return value
