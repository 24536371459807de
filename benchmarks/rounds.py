"""Running every command once a round, so that a slow minute slows everybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.contenders import Figure, Line

ROOT: Final = Path(__file__).resolve().parent.parent
NODE: Final = ROOT / "benchmarks/peers/bullmq"
PATIENCE_SECONDS: Final = 600

Raw = dict[tuple[str, ...], list[dict[str, float]]]


def measure(lines: Sequence[Line], rounds: int) -> Raw:
    """Return the answers of every command, one a round. A command that fails has fewer."""
    figures = {figure.command: figure for line in lines for figure in (*line.ours, *line.peer)}
    raw: Raw = {command: [] for command in figures}
    for number in range(rounds):
        for command, figure in figures.items():
            answer = run(figure)
            print(f"[{number + 1}/{rounds}] {' '.join(command[-6:])}: {answer}", file=sys.stderr)
            if answer is not None:
                raw[command].append(answer)
    return raw


def run(figure: Figure) -> dict[str, float] | None:
    """Return what a command measured, or None, with its last words printed, if it failed."""
    command, env, folder = list(figure.command), dict(os.environ), ROOT
    if figure.home == "peers":
        command = [env["BENCH_PYTHON"], *command]
    if figure.home == "node":
        command, folder = ["node", *command], NODE
    if figure.home != "ours":
        env |= {"REDIS_URL": env["PEERS_REDIS_URL"], "DATABASE_URL": env["PEERS_DATABASE_URL"]}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            text=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        print(error.stderr[-2000:], file=sys.stderr)
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError) as error:
        print(f"{figure.label}: {error}", file=sys.stderr)
    else:
        return {key: float(value) for key, value in answer.items()}
    return None
