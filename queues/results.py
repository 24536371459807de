"""What a handler may return."""

from __future__ import annotations

import json

from queues import strict_json
from queues.conf import MAX_RESULT_BYTES


class ResultError(ValueError):
    """What a handler returned cannot be stored; the message says what is allowed."""


def to_json(result: object) -> str | None:
    """Return a result as JSON text of at most 64 KiB, or None for nothing. Raises ResultError."""
    if result is None:
        return None
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        strict_json.check_value(json.loads(text))
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultError(f"The result is not JSON: {error}") from error
    size = len(text.encode())
    if size > MAX_RESULT_BYTES:
        raise ResultError(f"The result has {size} bytes; allowed: {MAX_RESULT_BYTES}.")
    return text
