"""What callers of the web wait for while slow clients hold connections. Milliseconds.

The server is gunicorn with two processes, as it is deployed, without the proxy that belongs in
front. `calm` is without slow clients.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model

from accounts.models import ApiToken
from accounts.services.tokens import create_token
from benchmarks.ours import stage
from benchmarks.ours.latency import share
from benchmarks.slow_clients import DEAF, DRIPPING, SILENT, SlowClients

if TYPE_CHECKING:
    from collections.abc import Iterator

STATS: Final = "/api/queue/stats"
# Who has no answer by then counts as having waited for so long.
PATIENCE_SECONDS: Final = 15


def took(port: int, path: str, **headers: str) -> float:
    """Return the milliseconds until an answer was there; the patience in full without one."""
    began = time.perf_counter()
    with (
        suppress(OSError, http.client.HTTPException),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as link,
    ):
        link.request("GET", path, headers=headers)
        link.getresponse().read()
        return (time.perf_counter() - began) * 1000
    return PATIENCE_SECONDS * 1000


@contextmanager
def web(words: list[str]) -> Iterator[int]:
    """Run gunicorn until the block ends, and return its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "fediverse.wsgi", f"--bind=127.0.0.1:{port}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "--no-control-socket", *words], cwd=stage.ROOT, stdout=log, stderr=log
        )
        try:
            stage.until(lambda: took(port, "/health") < PATIENCE_SECONDS * 1000, every=0.1)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def ask(port: int, token: str, seconds: float) -> dict[str, Any]:
    """Ask in turns for so long, and return the waits."""
    health, signed_in = [], []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        health.append(took(port, "/health"))
        signed_in.append(took(port, STATS, Authorization=f"Bearer {token}"))
        time.sleep(0.02)
    return {
        "health99": round(share([*health, health[-1]], 99), 1),
        "signedIn99": round(share([*signed_in, signed_in[-1]], 99), 1),
        "signedInLongest": round(max(signed_in), 1),
        "asked": len(health),
    }


def make_token() -> str:
    user, _ = get_user_model().objects.get_or_create(
        pk=1_000_100, defaults={"username": "bench-operator", "is_superuser": True}
    )
    return create_token(user, scopes=["queue:read"], days=1, source=ApiToken.Source.GRANTED)[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--each", type=int, default=50, help="clients of each manner")
    parser.add_argument("--deaf", type=int, default=0, help="clients that do not read, beside them")
    parser.add_argument("gunicorn", nargs="*", help="options for it, after --")
    options = parser.parse_args()
    token = make_token()
    with web(options.gunicorn) as port:
        calm = ask(port, token, 5)
        with (
            SlowClients(port, options.each, SILENT),
            SlowClients(port, options.each, DRIPPING),
            SlowClients(port, options.deaf, DEAF),
        ):
            beside = ask(port, token, options.seconds)
    stage.tell(**beside, calm=calm)


if __name__ == "__main__":
    main()
