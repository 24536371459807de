"""`queues workers`: who is there to run jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queues import fleet
from queues.cli import shapes
from queues.cli.console import Answer, Subcommand

if TYPE_CHECKING:
    from queues.cli.console import Console, Options


def workers(options: Options, console: Console) -> Answer:
    """Answer with the workers that hold a lease, and dead ones until a rescuer finds them."""
    rows = list(fleet.workers())
    running = fleet.running(rows)
    found = [(row, sum(running.get(row.pk, {}).values())) for row in rows]
    headers = ["NAME", "HOST", "PID", "VERSION", "SLOTS", "RUNS", "BEAT", "IS"]
    lines = [_row(row, runs, console) for row, runs in found]
    return Answer(
        data={"workers": [shapes.worker(row, runs, is_live=row.is_live) for row, runs in found]},
        lines=console.table(headers, lines) if lines else ["No worker is there."],
    )


def _row(row: Any, runs: int, console: Console) -> list[object]:
    slots = sum(map(int, row.slots.values()))
    beat, word = console.when(row.beat_at), "alive" if row.is_live else "stopped beating"
    return [row.name, row.host, row.pid, row.version, slots, runs, beat, word]


SUBCOMMANDS = (Subcommand(name="workers", help="who is there to run jobs", run=workers),)
