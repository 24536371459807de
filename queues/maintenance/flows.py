"""Parents that wait for nothing are moved, whoever forgot to tell them.

Every door that ends jobs tells the parents itself. This finds what came in by none of them: rows
that were deleted or changed by hand, or a transaction that saw an old state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import OperationalError, transaction

from queues.database import each_despite_locks, fetch, is_contended
from queues.resolving import decide, lock, resolve
from queues.statements.flows import LOCK_FORGOTTEN, PENDING_EDGES, PRESENT, WAITING_PARENTS

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT: Final = 1000

# Where the next look begins. A window that is not full was the last one.
_places: dict[str, tuple[int, int]] = {"edge": (0, 0), "parent": (0, 0)}


def run_once() -> int:
    """Look at 1,000 edges and 1,000 parents that wait, each time the next ones.

    Returns how many children and parents were found that somebody had forgotten.
    """
    return _tell_of_ends() + _move_parents()


def _tell_of_ends() -> int:
    parent, child = _places["edge"]
    rows = fetch(PENDING_EDGES, {"parent": parent, "child": child, "limit": LIMIT})
    _places["edge"] = (rows[-1][0], rows[-1][1]) if len(rows) == LIMIT else (0, 0)
    ended = sorted({child for _, child, is_over in rows if is_over})
    return _all_or_each(_tell_parents, ended)


@transaction.atomic
def _tell_parents(ended: list[int]) -> int:
    locked = {row[0] for row in fetch(LOCK_FORGOTTEN, {"ids": ended})}
    present = {row[0] for row in fetch(PRESENT, {"ids": ended})}
    mine = [child for child in ended if child in locked or child not in present]
    resolve(mine)
    return len(mine)


def _move_parents() -> int:
    rows = fetch(WAITING_PARENTS, {"parent": _places["parent"][0], "limit": LIMIT})
    _places["parent"] = (rows[-1][0], 0) if len(rows) == LIMIT else (0, 0)
    stuck = [parent for parent, is_stuck in rows if is_stuck]
    return _all_or_each(_decide, stuck)


@transaction.atomic
def _decide(stuck: list[int]) -> int:
    resolve(decide([*lock(stuck, stuck)]))
    return len(stuck)


def _all_or_each(act: Callable[[list[int]], int], ids: list[int]) -> int:
    """Move all at once; if somebody has locked a parent, each by itself, but for those."""
    try:
        return act(ids) if ids else 0
    except OperationalError as error:
        if not is_contended(error):
            raise
        return each_despite_locks(lambda id_: act([id_]), ids)
