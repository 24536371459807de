"""A bound on what Redis may answer: its keys may hold far more than a process has memory for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from redis._parsers import _HiredisParser
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis import Redis

# A thousand events of a hundred ids each have 2.3 MB, and nothing else comes near.
MOST_BYTES: Final = 4 * 1024 * 1024


class ReplyTooLargeError(RedisError):
    """Redis answered more than we ever ask it for. The rest is not read, the connection closed."""


class CountedReader:
    """hiredis' reader, which takes no more than MOST_BYTES at a time."""

    def __init__(self, reader: Any) -> None:
        self.gets = reader.gets
        self.has_data = reader.has_data
        self._feed = reader.feed
        self.size = 0

    def feed(self, buffer: bytearray, start: int, length: int) -> None:
        """Take a piece of a reply. Raises ReplyTooLargeError."""
        self.size += length
        if self.size > MOST_BYTES:
            raise ReplyTooLargeError(f"Redis answers more than {MOST_BYTES} bytes")
        self._feed(buffer, start, length)


class BoundedParser(_HiredisParser):
    """redis-py's parser, with a bound on each reply."""

    def on_connect(self, connection: Any, **kwargs: Any) -> None:
        """Begin to read a new connection."""
        super().on_connect(connection, **kwargs)
        self._counted = CountedReader(self._reader)
        self._reader: Any = self._counted

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the next reply. Raises ReplyTooLargeError."""
        self._counted.size = 0
        return super().read_response(*args, **kwargs)


def bound_replies(client: Redis) -> Redis:
    """Have a client refuse replies that are too large. Its class has no parameter for that."""
    client.connection_pool.connection_kwargs["parser_class"] = BoundedParser
    return client
