"""What a client of the API waits for with a hundred thousand rows. Milliseconds, the 95th of 100.

Through the whole of Django, in this process: what a server and a network add is not in it.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from accounts.models import ApiToken
from accounts.services.tokens import create_token
from benchmarks.ours import stage
from benchmarks.ours.pages import load, open_page, p95
from queues.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable

READS: Final = {
    "stats": "/api/queue/stats",
    "jobs": "/api/queue/jobs",
    "failed": "/api/queue/jobs?queue=notifications&state=failed&pageSize=100",
    "by priority": "/api/queue/jobs?ordering=priority",
    "by end": "/api/queue/jobs?ordering=-finishedAt&state=completed",
    "text": "/api/queue/jobs?payload=99999",
    "one job": "/api/queue/jobs/{job}",
    "queues": "/api/queue/queues",
    "workers": "/api/queue/workers",
    "metrics": "/api/queue/metrics",
    "schedules": "/api/queue/schedules",
}
OWNERS: Final = "UPDATE queues_job SET owner = (id %% 50 + 1000000)::text"


def post(client: Client, address: str, body: object) -> None:
    """Raise unless it is done."""
    response = client.post(address, json.dumps(body), content_type="application/json")
    if response.status_code not in {200, 201}:
        raise RuntimeError(f"{address} answered {response.status_code}: {response.content[:200]!r}")


def looks(operator: Client, user: Client) -> dict[str, Callable[[], None]]:
    """Return what is timed, by name."""
    job = Job.objects.filter(state="failed").latest("pk").pk
    reads: dict[str, Callable[[], None]] = {
        name: lambda address=address: open_page(operator, address.format(job=job))  # type: ignore[misc]
        for name, address in READS.items()
    }
    made = {"kind": "bench.noop", "payload": {"number": 1}}
    return {
        **reads,
        "own jobs": lambda: open_page(user, READS["jobs"]),
        "make one": lambda: post(operator, "/api/queue/jobs", made),
        "dry cleanup": lambda: post(operator, "/api/queue/cleanup", {"dryRun": True}),
    }


def client_of(name: str, key: int, *, is_operator: bool) -> Client:
    """Return a client with a token of a user."""
    user, _ = get_user_model().objects.get_or_create(
        pk=key, defaults={"username": name, "is_superuser": is_operator, "is_staff": is_operator}
    )
    scopes = ["queue:read", "queue:write", *(["queue:manage"] if is_operator else [])]
    _, text = create_token(user, scopes=scopes, days=1, source=ApiToken.Source.GRANTED)
    return Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {text}"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    load(options.rows)
    with connection.cursor() as cursor:
        cursor.execute(OWNERS, {})
        cursor.execute("VACUUM ANALYZE queues_job")
    operator = client_of("bench-operator", 1_000_100, is_operator=True)
    user = client_of("bench-user", 1_000_007, is_operator=False)
    timed = {name: p95(look, options.times) for name, look in looks(operator, user).items()}
    many = {"jobs": [{"kind": "bench.noop", "payload": {"number": n}} for n in range(10_000)]}
    timed["make 10,000"] = p95(lambda: post(operator, "/api/queue/jobs/bulk", many), 5)
    stage.tell(**timed)
    stage.clear()


if __name__ == "__main__":
    main()
