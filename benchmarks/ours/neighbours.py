"""What one user at full throttle costs another: the other's reads, and how soon their jobs begin.

`python3 -m benchmarks.ours.neighbours` starts the web and one worker on loopback, lets a user send
jobs from several threads for some seconds, and prints what another user saw meanwhile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import django

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SCOPES: Final = ["queue:read", "queue:write"]
BULK: Final = 8000
THREADS: Final = 6
EACH_SECONDS: Final = 0.1
JOB_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 240.0


class Caller:
    """A user with a token, and what they were answered."""

    def __init__(self, port: int, token: str, user_id: str) -> None:
        self._port, self._token, self.user_id = port, token, user_id
        self.statuses: Counter[str] = Counter()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and document; a connection that fails counts as status 0."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as link:
            try:
                link.request(method, path, text, headers)
                response = link.getresponse()
                status, document = response.status, json.loads(response.read() or b"null")
            except (OSError, http.client.HTTPException, ValueError):
                status, document = 0, None
        self.statuses[f"{method} {path} {status}"] += 1
        return status, document

    def job(self) -> dict[str, Any]:
        """Return a job of theirs, as a request has it, that stays until it was looked at."""
        payload = {"userId": self.user_id, "type": "info", "message": "x"}
        options = {"removeOnComplete": 1000}
        return {"kind": "notification", "payload": payload, "options": options}


def attack(caller: Caller, end: float, *, with_bulks: bool) -> None:
    """Send jobs without a pause; some threads many at once."""
    jobs = {"jobs": [caller.job()] * BULK}
    while time.monotonic() < end:
        if with_bulks:
            caller.ask("POST", "/api/queue/jobs/bulk", jobs)
        else:
            caller.ask("POST", "/api/queue/jobs", caller.job())


def live(caller: Caller, end: float, starts: Starts) -> list[float]:
    """Read the counts and now and then make a job; return the seconds that reads took."""
    seconds, next_job = [], 0.0
    while time.monotonic() < end:
        began = time.monotonic()
        caller.ask("GET", "/api/queue/stats")
        seconds.append(time.monotonic() - began)
        if time.monotonic() > next_job:
            next_job = time.monotonic() + JOB_SECONDS
            status, document = caller.ask("POST", "/api/queue/jobs", caller.job())
            if status in {200, 201}:
                starts.watch(document["data"]["id"])
        time.sleep(EACH_SECONDS)
    return seconds


class Starts:
    """How long jobs waited for their start, looked up before their rows are pruned."""

    def __init__(self) -> None:
        self._waiting: set[int] = set()
        self.waits: list[float] = []

    def watch(self, job_id: int) -> None:
        """Look for the start of a job from now on."""
        self._waiting.add(job_id)

    def look(self, end: float) -> None:
        """Look until the end, and then until all have begun or that took too long."""
        from queues.models import Job  # noqa: PLC0415  (Django must be set up)

        deadline = end + PATIENCE_SECONDS
        while (now := time.monotonic()) < deadline and (now < end or self._waiting):
            rows = Job.objects.filter(pk__in=[*self._waiting], started_at__isnull=False)
            for job_id, made, start in rows.values_list("pk", "created_at", "started_at"):
                assert start is not None  # noqa: S101  (so says the filter)
                self.waits.append((start - made).total_seconds())
                self._waiting.discard(job_id)
            time.sleep(0.1)
        self.waits += [PATIENCE_SECONDS] * len(self._waiting)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of all is; infinity of none."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if values else -1.0


@contextmanager
def serving(port: int) -> Iterator[None]:
    """Let the web and one worker run inside of the block."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "fediverse.settings", "DEBUG": "false"}
    env |= {"SECURE_SSL_REDIRECT": "false", "LOG_LEVEL": "ERROR"}
    web = ["-m", "gunicorn", "fediverse.wsgi", "--workers=2", "--threads=8", "--no-control-socket"]
    commands = [[*web, f"--bind=127.0.0.1:{port}"], ["manage.py", "rqworker"]]
    parts = [subprocess.Popen([sys.executable, *one], cwd=ROOT, env=env) for one in commands]
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        time.sleep(2)
        yield
    finally:
        for part in parts:
            part.terminate()
        for part in parts:
            part.wait(30)


def callers(port: int) -> list[Caller]:
    """Return two users who are no operators, each with a token."""
    from accounts.models import ApiToken, User  # noqa: PLC0415
    from accounts.services.tokens import create_token  # noqa: PLC0415

    made = []
    for name in ("ada", "eve"):
        user, _ = User.objects.get_or_create(username=name)
        source = ApiToken.Source.SIGN_IN
        _, text = create_token(user, source=source, scopes=SCOPES, days=1, name="")
        made.append(Caller(port, text, str(user.pk)))
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    django.setup()
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    loud, quiet = callers(port)
    with serving(port):
        end = time.monotonic() + options.seconds
        threads = [
            threading.Thread(
                target=attack, args=(loud, end), kwargs={"with_bulks": number % 2 == 0}
            )
            for number in range(THREADS)
        ]
        starts = Starts()
        threads.append(threading.Thread(target=starts.look, args=(end,)))
        for thread in threads:
            thread.start()
        seconds = live(quiet, end, starts)
        for thread in threads:
            thread.join()
    print(json.dumps({"loud": loud.statuses, "quiet": quiet.statuses}))
    reads = {f"p{share}": percentile(seconds, share / 100) for share in (50, 95)}
    begun = {f"p{share}": percentile(starts.waits, share / 100) for share in (50, 95)}
    print(json.dumps({"reads": len(seconds), **reads, "jobs": len(starts.waits), "starts": begun}))


if __name__ == "__main__":
    main()
