"""One strict reader of JSON for everything that comes from outside. Pure.

Refuses what Postgres cannot store or what two readers would understand differently: NUL, lone
surrogates, NaN and Infinity, integers beyond 2^53, repeated keys, nesting beyond 32, and documents
of more than 10,000 values, unless the caller allows more. Nesting and values are counted in the
bytes first, before the parser can recurse or build millions of values, so that a refusal is cheap.
"""

from __future__ import annotations

import json
import math
from typing import Final, Never

MAX_DEPTH: Final = 32
MAX_NODES: Final = 10_000
MAX_INT: Final = 2**53
_MAX_DIGITS: Final = len(str(MAX_INT)) + 1
_BRACKETS: Final = b"[]{}"
_NO_BRACKETS: Final = bytes(set(range(256)) - set(_BRACKETS))


class StrictJSONError(ValueError):
    """A document that is refused. `code` is stable, the message says what was wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def loads(raw: bytes, *, max_nodes: int = MAX_NODES) -> object:
    """Return the value of a UTF-8 JSON document. Raises StrictJSONError and nothing else."""
    _check_structure(raw, max_nodes)
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
            raise _too_many(max_nodes)
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
    if "\x00" in text:
        raise StrictJSONError("nul_character", "Text must not hold the character NUL.")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "Text must not hold half of a surrogate pair."
        raise StrictJSONError("lone_surrogate", message) from error


def _check_structure(raw: bytes, max_nodes: int) -> None:
    """Refuse what has too many values, or is nested too deep, by its bytes alone.

    Refuses no document that has at most `max_nodes` values: each text is one, and so are each
    object and list, whatever is behind a colon, and whatever is behind a comma.
    """
    # Twice as many quotes as texts, but for those that are escaped.
    if raw.count(b'"') - raw.count(b'\\"') > 2 * max_nodes:
        raise _too_many(max_nodes)
    outside = _outside_of_texts(raw, max_nodes)
    # Of more brackets than these, too many are opened, or the parser comes no further.
    _check_depth(outside.translate(None, _NO_BRACKETS)[: 2 * max_nodes + 1])
    separators = outside.count(b",") + outside.count(b":")
    opened = outside.count(b"[") + outside.count(b"{")
    if max(separators + 1, opened) > max_nodes:
        raise _too_many(max_nodes)


def _outside_of_texts(raw: bytes, max_nodes: int) -> bytes:
    if b"\\" in raw:
        # In this order: a backslash that is escaped itself escapes no quote.
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    if raw.count(b'"') > 2 * max_nodes:
        raise _too_many(max_nodes)
    return b" ".join(raw.split(b'"')[::2])


def _check_depth(brackets: bytes) -> None:
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise StrictJSONError("too_deep", f"Nested deeper than {MAX_DEPTH} levels.")
        if depth < 0:
            # No JSON, and the parser comes no further than here.
            return


def _too_many(max_nodes: int) -> StrictJSONError:
    return StrictJSONError("too_many_values", f"More than {max_nodes} values.")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise StrictJSONError("repeated_key", "An object names the same key twice.")
    return document


def _refuse_constant(name: str) -> Never:
    raise StrictJSONError("not_a_number", f"{name} is not JSON.")


def _parse_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > MAX_INT:
        raise StrictJSONError("number_too_large", f"Whole numbers go to {MAX_INT} at most.")
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise StrictJSONError("number_too_large", "A number is too large.")
    return value
