"""Who is measured, how, and what is claimed: the table of `README.md`, as data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything: the full run, and the quick one that only shows that all works."""

    rounds: int
    jobs: int
    backlog: int
    snapshot: int
    rows: int
    first: int
    last: int
    share: float
    slots: tuple[int, ...]


FULL: Final = Scale(
    rounds=5,
    jobs=40_000,
    backlog=1_000_000,
    snapshot=60,
    rows=1_000_000,
    first=10_000,
    last=100_000,
    share=1.0,
    slots=(100, 200, 400),
)
QUICK: Final = Scale(
    rounds=1,
    jobs=15_000,
    backlog=100_000,
    snapshot=5,
    rows=100_000,
    first=5_000,
    last=20_000,
    share=0.4,
    slots=(200,),
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of one command's answer. `home` says in which environment the command runs."""

    label: str
    home: Literal["ours", "peers", "node"]
    command: tuple[str, ...]
    key: str = "value"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A claim. Of several figures on a side, the best counts. Without a peer, `bar` is a value.

    `more` says whether more is better.
    """

    name: str
    unit: str
    ours: tuple[Figure, ...]
    peer: tuple[Figure, ...] = ()
    bar: float
    more: bool = True


def ours(module: str, *words: object, key: str = "value", label: str = "Fediverse Hub") -> Figure:
    """Return a figure of one of our modules. `label` says what it is where we are our own peer."""
    command = (sys.executable, "-m", f"benchmarks.ours.{module}", *map(str, words))
    return Figure(label=label, home="ours", command=command, key=key)


def peer(label: str, script: str, what: str, jobs: int, slots: int = 1) -> Figure:
    """Return a figure of a peer's script."""
    command = (f"benchmarks/peers/{script}.py", what, str(jobs), str(slots))
    return Figure(label=label, home="peers", command=command)


def bullmq(what: str, jobs: int, slots: int = 1) -> Figure:
    """Return a figure of BullMQ on Node."""
    command = ("bench.mjs", what, str(jobs), str(slots))
    return Figure(label="BullMQ", home="node", command=command)


# What the API answers with 100,000 rows, and how many milliseconds that may take.
API = (
    ("stats", 100),
    ("jobs", 100),
    ("own jobs", 100),
    ("by priority", 200),
    ("text", 200),
    ("one job", 100),
    ("make one", 100),
    ("make 10,000", 2000),
)


def lines(scale: Scale) -> list[Line]:
    """Return every claim at a scale."""

    def some(number: int) -> int:
        return max(100, round(number * scale.share))

    drain = tuple(ours("drain", "--jobs", scale.jobs, "--slots", n) for n in scale.slots)
    node = tuple(bullmq("drain", scale.jobs, n) for n in (50, 100, 200)[: len(scale.slots)])
    dramatiq = tuple(
        peer("dramatiq", "dramatiq_redis", "drain", some(4000), n) for n in (8, 16, 32)
    )
    base = ("drain", "--jobs", scale.jobs, "--slots", 200)
    shipped = ("drain", "--jobs", scale.jobs, "--slots", 16)
    beside = ("drain", "--jobs", scale.jobs // 2, "--slots", 200)
    accept = ("accept", "--bulk", 10_000, "--single", some(1000))
    latency = ("latency", "--jobs", some(200))
    wait = ("waiting", "--jobs", 1000)
    pages = ("pages", "--rows", scale.rows)
    api = ("api", "--rows", 100_000)
    memory = ("memory", "--first", scale.first, "--last", scale.last)
    rate, ms = "jobs/s", "ms"
    other = [
        ("RQ SimpleWorker", 25, (peer("RQ SimpleWorker", "rq_simple", "drain", some(600)),)),
        ("Celery", 12, (peer("Celery", "celery_threads", "drain", some(1500), 8),)),
        (
            "Procrastinate",
            12,
            (peer("Procrastinate", "procrastinate_pg", "drain", some(1500), 20),),
        ),
        ("dramatiq", 3, dramatiq),
        ("arq", 3, (peer("arq", "arq_redis", "drain", some(2000), 100),)),
        (
            "BullMQ for Python",
            3,
            (peer("BullMQ for Python", "bullmq_python", "drain", some(2000), 50),),
        ),
    ]
    return [
        Line(name="drain/BullMQ", unit=rate, ours=drain, peer=node, bar=1.2),
        *(Line(name=f"drain/{n}", unit=rate, ours=drain, peer=p, bar=bar) for n, bar, p in other),
        Line(
            name="bulk/BullMQ addBulk",
            unit=rate,
            ours=(ours(*accept, key="bulk"),),
            peer=(bullmq("bulk", 10_000),),
            bar=1.0,
        ),
        Line(
            name="single/Procrastinate",
            unit=rate,
            ours=(ours(*accept, key="single"),),
            peer=(peer("Procrastinate", "procrastinate_pg", "add", some(1000)),),
            bar=1.0,
        ),
        Line(
            name="single/BullMQ add",
            unit=rate,
            ours=(ours(*accept, key="single"),),
            peer=(bullmq("add", some(4000)),),
            bar=0.3,
        ),
        Line(name="pickup/p50", unit=ms, ours=(ours(*latency, key="pickup50"),), bar=5, more=False),
        Line(
            name="pickup/p99", unit=ms, ours=(ours(*latency, key="pickup99"),), bar=20, more=False
        ),
        Line(
            name="lateness/p99", unit=ms, ours=(ours(*latency, key="late99"),), bar=50, more=False
        ),
        Line(
            name="lateness/early",
            unit="jobs",
            ours=(ours(*latency, key="early"),),
            bar=0,
            more=False,
        ),
        Line(
            name="result visible/p99, busy worker",
            unit=ms,
            ours=(ours(*latency, key="visible99"),),
            bar=50,
            more=False,
        ),
        Line(
            name="waiting/ideal",
            unit=rate,
            ours=(ours(*wait),),
            peer=(ours(*wait, key="ideal", label="ideal"),),
            bar=0.85,
        ),
        Line(
            name="workers/two to one",
            unit=rate,
            ours=(ours(*shipped, "--workers", 2),),
            peer=(ours(*shipped, label="one worker"),),
            bar=1.4,
        ),
        Line(
            name=f"backlog/{scale.backlog:,} to 10,000 rows",
            unit=rate,
            ours=(ours(*beside, "--backlog", scale.backlog),),
            peer=(ours(*beside, "--backlog", 10_000, label="10,000 rows"),),
            bar=0.85,
        ),
        Line(
            name=f"snapshot/{scale.snapshot} s old to none",
            unit=rate,
            ours=(ours(*base, "--snapshot", scale.snapshot),),
            peer=(ours(*base, label="no snapshot"),),
            bar=0.6,
        ),
        *(
            Line(name=f"pages/{n} p95", unit=ms, ours=(ours(*pages, key=n),), bar=100, more=False)
            for n in ("counts", "list", "filter")
        ),
        *(
            Line(name=f"api/{n} p95", unit=ms, ours=(ours(*api, key=n),), bar=bar, more=False)
            for n, bar in API
        ),
        Line(
            name="memory/in all", unit="MB", ours=(ours(*memory, key="last"),), bar=120, more=False
        ),
        Line(
            name=f"memory/after {scale.last:,} to after {scale.first:,} jobs",
            unit="MB",
            ours=(ours(*memory, key="last"),),
            peer=(ours(*memory, key="first", label="earlier"),),
            bar=1.05,
            more=False,
        ),
    ]
