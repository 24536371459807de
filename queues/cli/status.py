"""`queues status`: how each queue is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queues.cli.console import Answer, Subcommand
from queues.cli.times import span
from queues.overview import Overview, overview
from queues.states import State

if TYPE_CHECKING:
    from queues.cli.console import Console, Options


def status(options: Options, console: Console) -> Answer:
    """Answer with every queue of the settings."""
    queues = overview()
    shown = [state for state in State if _is_shown(state, queues)]
    counts = [[one.name, *(one.counts[state] for state in shown)] for one in queues]
    service = [
        [one.name, _controls(one), one.workers, one.slots, span(one.oldest), *_rates(one)]
        for one in queues
    ]
    headers = ["QUEUE", *(_header(state) for state in shown)]
    return Answer(
        data={"queues": [_as_json(one) for one in queues]},
        lines=[
            *console.table(headers, counts),
            "",
            *console.table(
                ["QUEUE", "IS", "WORKERS", "SLOTS", "OLDEST", "DONE/MIN", "FAILED/MIN"], service
            ),
        ],
    )


def _is_shown(state: State, queues: list[Overview]) -> bool:
    """Parents are rare, and the line is short."""
    return state is not State.WAITING_CHILDREN or any(one.counts[state] for one in queues)


def _header(state: State) -> str:
    return "CHILDREN" if state is State.WAITING_CHILDREN else state.value.upper()


def _controls(one: Overview) -> str:
    control = one.control
    words = [
        "paused" if control.paused_at else "open",
        *([f"cap {control.cap}"] if control.cap is not None else []),
        *([f"{control.rate} in {control.per_seconds:g} s"] if control.rate is not None else []),
        *(["fair"] if control.is_fair else []),
    ]
    return ", ".join(words)


def _rates(one: Overview) -> list[float]:
    return [round(one.completed_per_minute, 1), round(one.failed_per_minute, 1)]


def _as_json(one: Overview) -> dict[str, Any]:
    control = one.control
    return {
        "name": one.name,
        "counts": {state.value: count for state, count in one.counts.items()},
        "pausedAt": control.paused_at,
        "cap": control.cap,
        "slotsPerWorker": control.slots,
        "rate": control.rate,
        "perSeconds": control.per_seconds,
        "isFair": control.is_fair,
        "workers": one.workers,
        "slots": one.slots,
        "oldestWaitingSeconds": one.oldest,
        "completedPerMinute": one.completed_per_minute,
        "failedPerMinute": one.failed_per_minute,
    }


SUBCOMMANDS = (Subcommand(name="status", help="how each queue is doing", run=status),)
