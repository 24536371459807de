"""Jobs that wait for other jobs: a graph of any depth, accepted whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from django.db import transaction

from queues import control
from queues.conf import MAX_BULK
from queues.control import ControlError, NoJobError
from queues.database import array, execute, fetch, text_array
from queues.enqueue import accept_many
from queues.family import Branch, children, tree
from queues.nodes import Child, Node, NodeError, child, in_order
from queues.options import EnqueueError, Options, draft
from queues.statements.flows import INSERT_EDGES, LOCK_PARENT, ORPHANS
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from queues.options import Draft

__all__ = [
    "Branch", "Child", "Node", "add_children", "cancel_tree", "children", "flow", "tree",
]  # fmt: skip

MAX_EDGES: Final = 100_000


def flow(*roots: Node, most: int = MAX_BULK) -> dict[Node, int]:
    """Accept a graph of jobs in one transaction, all or none; return the id of each node.

    A node with children waits for them (waiting-children), the others may begin at once. A node may
    be below several others. Children have lower ids than their parents. Raises EnqueueError as
    `enqueue` does, its field beginning with the node's place, such as `0.children.2.priority`; for
    nodes that wait for each other; for more than 10,000 nodes (`most`) or 100,000 edges; and for
    `unique`, which is not allowed here.
    """
    return _accept([child(root) for root in _checked(roots)], most=most)


def add_children(parent_id: int, added: Sequence[Child | Node]) -> dict[Node, int]:
    """Let a job that waits for its children wait for more of them; return the id of each node.

    Locks the parent until the caller's transaction ends. Raises EnqueueError as `flow` does, and
    for a parent that does not wait for children, or not any more.
    """
    with transaction.atomic():
        rows = fetch(LOCK_PARENT, {"id": parent_id})
        state = rows[0][0] if rows else "not there"
        if state != State.WAITING_CHILDREN:
            message = f"is {state}; allowed: a job that is {State.WAITING_CHILDREN}."
            raise EnqueueError("parent", message)
        return _accept(_checked(added), parent_id=parent_id)


def cancel_tree(job_id: int) -> list[int]:
    """Cancel a job and what is below it, except for what other unfinished jobs wait for.

    Returns the ids of those that were cancelled. Each is a transaction of its own, from the top to
    the bottom, so that no lock is held while waiting for another: if it is interrupted, call it
    again. Raises NoJobError.
    """
    cancelled = [job_id] if _cancel(job_id) else []
    reached = {job_id}
    while found := [row[0] for row in fetch(ORPHANS, {"parents": [*reached]})]:
        cancelled += [one for one in found if _cancel(one)]
        reached.update(found)
    return cancelled


def _cancel(job_id: int) -> bool:
    """Say whether it was this call that ended the job."""
    try:
        control.cancel(job_id)
    except NoJobError:
        raise
    except ControlError:
        return False
    return True


def _checked(given: Iterable[Child | Node]) -> list[Child]:
    try:
        return [child(one) for one in given]
    except NodeError as error:
        raise EnqueueError("children", str(error)) from error


def _accept(
    tops: Sequence[Child], *, parent_id: int | None = None, most: int = MAX_BULK
) -> dict[Node, int]:
    """Insert all nodes below `tops`, and their edges; one statement for each of the two."""
    try:
        places = in_order([top.node for top in tops])
        edges = [(node, child(one)) for node in places for one in node.children]
    except NodeError as error:
        raise EnqueueError("children", str(error)) from error
    if len(places) > most:
        raise EnqueueError("nodes", f"are {len(places)}; allowed: {most} at a time.")
    if len(edges) > MAX_EDGES:
        raise EnqueueError("edges", f"are {len(edges)}; allowed: {MAX_EDGES} at a time.")
    below = {edge.node for _, edge in edges} | (set() if parent_id is None else set(places))
    drafts = [_draft(node, place, node in below) for node, place in places.items()]
    with transaction.atomic():
        ids = dict(zip(places, accept_many(drafts), strict=True))
        joined = [(ids[node], edge) for node, edge in edges]
        if parent_id is not None:
            joined += [(parent_id, top) for top in tops]
        _insert_edges(joined, ids, {node: one.name for node, one in zip(ids, drafts, strict=True)})
    return ids


def _draft(node: Node, place: str, is_child: bool) -> Draft:
    try:
        if "unique" in node.options:
            raise EnqueueError("unique", "is not allowed in a flow.")
        one = draft(node.arguments, cast("Options", node.options))
    except EnqueueError as error:
        raise error.below(place) from error
    waits = {"state": State.WAITING_CHILDREN.value} if node.children else {}
    return one._replace(due={**one.due, **waits}, is_child=is_child)


def _insert_edges(
    edges: Sequence[tuple[int, Child]], ids: Mapping[Node, int], names: Mapping[Node, str]
) -> None:
    if edges:
        params = {
            "parents": array(parent for parent, _ in edges),
            "children": array(ids[edge.node] for _, edge in edges),
            "names": text_array(names[edge.node] for _, edge in edges),
            "on_failure": text_array(edge.on_failure for _, edge in edges),
        }
        execute(INSERT_EDGES, params)
