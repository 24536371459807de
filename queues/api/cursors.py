"""Places in a list, as text that clients hand back. Nobody needs to read them but this file."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from django.db import connection, models

from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]

Direction = Literal["next", "previous"]
DIRECTIONS: Final = ("next", "previous")
# Of the longest text that a list is ordered by, and its id.
MAX_CURSOR: Final = 4000


class CursorError(ValueError):
    """What is no cursor of the list."""


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where a page begins: behind (`next`) or before (`previous`) the row of a value and a key.

    `value` is None where the key alone says the order. Without a `key` it is an end of the list:
    `previous` is its last page then.
    """

    ordering: str
    direction: Direction = "next"
    value: Any = None
    key: Any = None


def write(cursor: Cursor) -> str:
    """Return the cursor as text."""
    parts = [cursor.ordering, cursor.direction, _out(cursor.value), _out(cursor.key)]
    raw = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read(text: str, fields: dict[str, tuple[AnyField | None, AnyField]]) -> Cursor:
    """Return the cursor that a text is; `fields` has those of value and key for each ordering.

    Raises CursorError for everything that `write` would not have written.
    """
    ordering, direction, value, key = _parts(text)
    if type(ordering) is not str or ordering not in fields or direction not in DIRECTIONS:
        raise CursorError
    of_value, of_key = fields[ordering]
    is_end = value is None and key is None
    cursor = Cursor(
        ordering=ordering,
        direction=direction,
        value=None if is_end else _in(of_value, value),
        key=None if is_end else _in(of_key, key),
    )
    if write(cursor) != text:
        raise CursorError
    return cursor


def _parts(text: str) -> list[object]:
    if len(text) > MAX_CURSOR or not text.isascii():
        raise CursorError
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        parts = loads(binascii.a2b_base64(padded, strict_mode=True))
    except (binascii.Error, StrictJSONError) as error:
        raise CursorError from error
    if not isinstance(parts, list) or len(parts) != 4:  # noqa: PLR2004  (as `write` has them)
        raise CursorError
    return parts


def _out(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _in(field: AnyField | None, value: object) -> Any:
    """Return a value of a field, by what its column can hold. Raises CursorError."""
    if field is None and value is None:
        return None
    if isinstance(field, models.DateTimeField) and isinstance(value, str):
        return _moment(value)
    if isinstance(field, models.IntegerField) and type(value) is int:
        least, most = connection.ops.integer_field_range(field.get_internal_type())
        if least <= value <= most:
            return value
    if isinstance(field, models.CharField) and isinstance(value, str):
        return value
    raise CursorError


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CursorError from error
    if moment.tzinfo is not UTC:
        raise CursorError
    return moment
