"""Sample jobs that wait for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from queues.arguments import Arguments
from queues.context import Context  # noqa: TC001  (read by nobody, named for the reader)
from queues.flows import Child, Node
from queues.outcomes import WaitForChildren
from queues.registry import handles
from tests.jobs import QUEUE, Act, note_down


@dataclass(frozen=True, kw_only=True)
class Double(Arguments):
    """Return twice a number."""

    kind: ClassVar[str] = "tests.double"
    number: int


@dataclass(frozen=True, kw_only=True)
class Gather(Arguments):
    """Write down how many children completed, and return the sum of their numbers."""

    kind: ClassVar[str] = "tests.gather"
    path: str = "/dev/null"


@dataclass(frozen=True, kw_only=True)
class Spread(Arguments):
    """Ask for children in the first run, and gather them in the second."""

    kind: ClassVar[str] = "tests.spread"
    numbers: int
    bad: str = ""


@dataclass(frozen=True, kw_only=True)
class SpreadApart(Spread):
    """The same in a process of its own."""

    kind: ClassVar[str] = "tests.spread-apart"


@handles(Double, queue=QUEUE)
def double(arguments: Double, context: Context) -> int:
    return 2 * arguments.number


@handles(Gather, queue=QUEUE)
def gather(arguments: Gather, context: Context) -> int:
    found = context.children()
    note_down(arguments.path, f"gathered {sum(one.completed for one in found)}")
    return sum(one.result for one in found if isinstance(one.result, int))


@handles(SpreadApart, queue=QUEUE, run_in="process")
@handles(Spread, queue=QUEUE)
def spread(arguments: Spread, context: Context) -> int:
    if found := context.children():
        return sum(one.result for one in found if one.completed)
    nodes = [Child(Node(Double(number=n)), "ignore") for n in range(arguments.numbers)]
    if arguments.bad:
        nodes.append(Child(Node(Act(what="return"), {"priority": -1})))
    raise WaitForChildren(*nodes)
