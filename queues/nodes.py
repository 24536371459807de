"""The jobs of a flow and what they wait for, before any of them is in the database. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from queues.arguments import Arguments

ON_FAILURE: Final = ("fail", "continue", "ignore", "remove")


class NodeError(ValueError):
    """Nodes that make no flow; the message names the node and what is allowed."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A job to be: its arguments, the options of `enqueue`, and what it waits for.

    The same object may be a child of several nodes; then all of them wait for that one job.
    """

    arguments: Arguments
    options: Mapping[str, Any] = field(default_factory=dict)
    children: Sequence[Child | Node] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Child:
    """A node, and what it means for its parent if it does not complete.

    `fail`: the parent fails at once. `continue`: the parent runs now, whatever else is pending.
    `ignore`: it counts as ended. `remove`: the parent forgets it.
    """

    node: Node
    on_failure: str = "fail"


def child(one: Child | Node) -> Child:
    """Return a child; a bare node is one that fails its parent. Raises NodeError."""
    wrapped = Child(one) if isinstance(one, Node) else one
    if not isinstance(wrapped, Child) or not isinstance(wrapped.node, Node):
        raise NodeError(f"a child is {one!r:.50}; allowed: a Node, or a Child with a Node.")
    if wrapped.on_failure not in ON_FAILURE:
        allowed = ", ".join(ON_FAILURE)
        raise NodeError(f"on_failure is {wrapped.on_failure!r:.50}; allowed: {allowed}.")
    return wrapped


def in_order(roots: Iterable[Node]) -> dict[Node, str]:
    """Return every node once, children before their parents, with where it was found.

    A place is a path such as `0.children.2`. Raises NodeError for a cycle, naming its nodes, and
    for a child that is twice under one parent.
    """
    done: dict[Node, str] = {}
    for index, root in enumerate(roots):
        _descend(child(root).node, str(index), done)
    return done


def _descend(root: Node, place: str, done: dict[Node, str]) -> None:
    """Go through a graph of any depth without a stack of calls."""
    # The nodes from the root to where we are, in order, and those of their children still to do.
    trail = {root: (place, _steps(root, place))}
    while trail:
        node, (place, steps) = next(reversed(trail.items()))
        if node in done or not steps:
            done.setdefault(node, place)
            del trail[node]
            continue
        below, its_place = steps.pop()
        if below in trail:
            raise NodeError(_cycle([*trail], below))
        if below not in done:
            trail[below] = (its_place, _steps(below, its_place))


def _steps(node: Node, place: str) -> list[tuple[Node, str]]:
    """Return the children with their places, the first one last."""
    nodes = [child(one).node for one in node.children]
    if len(set(nodes)) < len(nodes):
        raise NodeError(f"{place} ({node.arguments.kind}) has a child twice; allowed: once.")
    return [(one, f"{place}.children.{n}") for n, one in enumerate(nodes)][::-1]


def _cycle(trail: list[Node], closing: Node) -> str:
    loop = [*trail[trail.index(closing) :], closing]
    names = " → ".join(node.arguments.job_name for node in loop)
    return f"nodes wait for each other: {names}; allowed: no cycle."
