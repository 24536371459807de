"""What a refused request costs: the CPU seconds that the strict reader spends on hostile bodies.

`python3 -m benchmarks.ours.refusals` prints a line for each shape, and the worst one last.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import TYPE_CHECKING, Final

from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIZE: Final = 8 * 1024 * 1024
MOST: Final = 200_000


def _filled(part: bytes, head: bytes = b"[", tail: bytes = b"0]") -> bytes:
    return head + part * ((SIZE - len(head) - len(tail)) // len(part)) + tail


def _keys(count: int, length: int) -> bytes:
    return json.dumps({f"{n:0{length}d}": 0 for n in range(count)}).encode()


# As large as a body of many jobs may be. Some are valid, and are refused by what reads them next.
SHAPES: Final[Mapping[str, bytes]] = {
    "empty lists": _filled(b"[],"),
    "empty objects": _filled(b"{},"),
    "numbers": _filled(b"0,"),
    "empty texts": _filled(b'"",'),
    "deep": b"[" * SIZE,
    "deep again and again": _filled(b"[" * 32 + b"]" * 32 + b","),
    "brackets side by side": _filled(b"[]"),
    "closing brackets": b"]" * SIZE,
    "quotes": b'"' * SIZE,
    "backslashes": b'"' + b"\\" * (SIZE - 2) + b'"',
    "backslashes without an end": b'"' + b"\\" * (SIZE - 1),
    "escaped quotes": _filled(b'\\"', b'["', b'"]'),
    "escaped letters": _filled(b"\\u0041", b'["', b'"]'),
    "lone surrogates": _filled(b"\\ud800", b'["', b'"]'),
    "a surrogate at the end": _filled(b"a", b'["', b'\\ud800"]'),
    "commas in a text": _filled(b",", b'["', b'"]'),
    "brackets in a text": _filled(b"[", b'["', b'"]'),
    "a long text": _filled(b"a", b'["', b'"]'),
    "a long text of others": _filled("😀".encode(), b'["', b'"]'),
    "a long key": _filled(b"a", b'{"', b'": 1}'),
    "many keys": _keys(150_000, 8),
    "long keys": _keys(80_000, 90),
    "the same key": _filled(b'"a":0,', b"{", b'"a":0}'),
    "digits": b"9" * SIZE,
    "digits behind a point": b"0." + b"9" * (SIZE - 2),
    "digits of an exponent": b"1e" + b"9" * (SIZE - 2),
    "long numbers": _filled(b"9" * 300 + b".5,"),
    "whole numbers": _filled(b"9007199254740991" + b" " * 40 + b","),
    "spaces": b" " * SIZE,
    "no UTF-8": b'"' + b"\xff" * (SIZE - 2) + b'"',
}  # fmt: skip


def measure() -> Iterator[tuple[str, float, float, str]]:
    """Yield each shape with its CPU seconds, the MB that it took at most, and what came of it."""
    for name, raw in SHAPES.items():
        seconds, answer = _cost(raw)
        tracemalloc.start()
        _cost(raw)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        yield name, seconds, peak, answer


def _cost(raw: bytes) -> tuple[float, str]:
    began = time.process_time()
    try:
        loads(raw, max_nodes=MOST)
        answer = "read"
    except StrictJSONError as error:
        answer = error.code
    return time.process_time() - began, answer


def main() -> None:
    rows = []
    for row in measure():
        rows.append(row)
        print("{:28} {:7.3f} s {:7.1f} MB  {}".format(*row), flush=True)
    worst = max(rows, key=lambda row: row[1])
    print(json.dumps({"worst": worst[0], "value": round(worst[1], 3)}))


if __name__ == "__main__":
    main()
