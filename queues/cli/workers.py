"""`queues workers`: who is there to run jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q

from queues.cli import shapes
from queues.cli.console import Answer, Subcommand
from queues.models import Worker
from queues.states import State

if TYPE_CHECKING:
    from queues.cli.console import Console, Options


def workers(options: Options, console: Console) -> Answer:
    """Answer with the workers that hold a lease, and dead ones until a rescuer finds them."""
    running = Count("jobs", filter=Q(jobs__state=State.ACTIVE))
    found = [
        (row, row.running, row.expires_at > console.now)
        for row in Worker.objects.annotate(running=running).order_by("name")
    ]
    headers = ["NAME", "HOST", "PID", "VERSION", "SLOTS", "RUNS", "BEAT", "IS"]
    rows = [_row(row, runs, console, is_live=is_live) for row, runs, is_live in found]
    return Answer(
        data={
            "workers": [shapes.worker(row, runs, is_live=is_live) for row, runs, is_live in found]
        },
        lines=console.table(headers, rows) if rows else ["No worker is there."],
    )


def _row(row: Worker, runs: int, console: Console, *, is_live: bool) -> list[object]:
    slots = sum(map(int, row.slots.values()))
    beat, word = console.when(row.beat_at), "alive" if is_live else "stopped beating"
    return [row.name, row.host, row.pid, row.version, slots, runs, beat, word]


SUBCOMMANDS = (Subcommand(name="workers", help="who is there to run jobs", run=workers),)
