from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from rq.exceptions import DeserializationError, NoSuchJobError, TimeoutFormatError
from rq.job import Job
from rq.serializers import JSONSerializer

if TYPE_CHECKING:
    from redis import Redis

RUN: Final = "queues.execution.run"
MAX_DATA_BYTES: Final = 4096
MALFORMED: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    AssertionError,
    RecursionError,
    zlib.error,
    DeserializationError,
    TimeoutFormatError,
)
_OURS: Final = ("created_at", "data", "origin", "enqueued_at", "status", "timeout", "result_ttl")


class HubJob(Job):
    """An RQ job that can do one thing: call `queues.execution.run` with an id.

    Whoever can write to Redis can start a job that was accepted anyway, and nothing else: not the
    function's name, a callback, a webhook nor a pickle is taken from there.
    """

    def __init__(
        self,
        id: str | None = None,  # noqa: A002  (RQ's name)
        connection: Redis | None = None,
        serializer: Any = None,
    ) -> None:
        """Read JSON whatever serializer RQ's tools bring along: theirs unpickles by default."""
        del serializer
        super().__init__(id, connection=connection, serializer=JSONSerializer)

    def restore(self, raw_data: dict[Any, Any]) -> Any:
        """Read the job's hash. Anything odd is NoSuchJobError: RQ drops the id and goes on.

        RQ's own reader quits the worker on a malformed field.
        """
        fields = {_text(key): value for key, value in raw_data.items()}
        known = {name: fields[name] for name in _OURS if name in fields}
        try:
            self._refuse_bomb(known.get("data", b""))
            super().restore({key.encode(): value for key, value in known.items()})
            self._refuse_strangers()
        except MALFORMED as error:
            raise NoSuchJobError(f"job {self.id} is malformed: {type(error).__name__}") from error

    @staticmethod
    def _refuse_bomb(data: bytes) -> None:
        """Ours is not compressed; RQ, which compresses what it saves itself, reads both."""
        inflater = zlib.decompressobj()
        try:
            inflater.decompress(data, MAX_DATA_BYTES)
            left = inflater.unconsumed_tail
        except zlib.error:
            left = data[MAX_DATA_BYTES:]
        if left:
            raise ValueError(f"data has more than {MAX_DATA_BYTES} bytes")

    def _refuse_strangers(self) -> None:
        called = (self.func_name, self.instance, self.kwargs)
        if called != (RUN, None, {}) or [str(arg) for arg in self.args] != [self.id]:
            raise ValueError("not a call of run with its own id")


def _text(key: bytes | str) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key
