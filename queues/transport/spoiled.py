"""Keys of ours that hold what nobody of ours writes, as whoever has the password can make them."""

from __future__ import annotations

from typing import Final

from redis.exceptions import ResponseError

# Another type; a counter that is no number, or the last one; a stream with the last id that can be.
_SIGNS: Final = (
    "WRONGTYPE",
    "value is not an integer",
    "increment or decrement would overflow",
    "exhausted the last possible ID",
    "equal or smaller than the target stream top item",
)


def is_spoiled(answer: object) -> bool:
    """Whether Redis refused because of what the key holds, so that only deleting it helps."""
    return isinstance(answer, ResponseError) and any(sign in str(answer) for sign in _SIGNS)
