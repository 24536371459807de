"""`python3 dev.py bench`: ours and the peers in one interleaved run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.contenders import FULL, QUICK, lines
from benchmarks.report import machine, row, table
from benchmarks.rounds import ROOT, measure

RAW = ROOT / ".local/bench/raw.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, in 3 minutes")
    parser.add_argument("--rounds", type=int, help="instead of 5, or 1 with --quick")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the rows there")
    parser.add_argument("name", nargs="*", help="lines to measure, by the beginning of their names")
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    rounds = options.rounds or scale.rounds
    wanted = [
        line
        for line in lines(scale)
        if not options.name or line.name.startswith(tuple(options.name))
    ]
    if not wanted:
        names = ", ".join(line.name for line in lines(scale))
        parser.error(f"no line begins with {options.name}; there are: {names}.")
    raw = measure(wanted, rounds)
    answers = [{"command": " ".join(command), "answers": found} for command, found in raw.items()]
    RAW.parent.mkdir(parents=True, exist_ok=True)
    RAW.write_text(json.dumps({"machine": machine(), "rounds": rounds, "raw": answers}, indent=1))
    print(f"{machine()}; {rounds} rounds; medians.\n\n{table(wanted, raw)}\n\nRaw: {RAW}")
    if options.json:
        rows = [row(line, raw) for line in wanted]
        document = {"machine": machine(), "rounds": rounds, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
