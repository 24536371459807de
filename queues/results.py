"""What a handler may return."""

from __future__ import annotations

import json

from queues import strict_json
from queues.conf import MAX_RESULT_BYTES


class ResultError(ValueError):
    """What a handler returned cannot be stored; the message says what is allowed."""


def check_result(result: object) -> object:
    """Return a result as it will be read back: JSON of at most 64 KiB. Raises ResultError."""
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        value = json.loads(text)
        strict_json.check_value(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultError(f"The result is not JSON: {error}") from error
    size = len(text.encode())
    if size > MAX_RESULT_BYTES:
        raise ResultError(f"The result has {size} bytes; allowed: {MAX_RESULT_BYTES}.")
    return value
