"""Sharing what there is room for among lanes: the jobs of one key in one queue. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from queues.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Lane(NamedTuple):
    """A key that has waiting jobs in a queue, and what limits it. An empty key is for the rest.

    `queues.statements.turns.LANES` names these columns. At most `begins` begin in `per` seconds;
    `is_known` says that the key has a row, `is_open` that one may have begun when it was read.
    """

    queue: str
    key: str
    concurrency: int | None
    begins: int | None
    per: float | None
    is_known: bool
    is_open: bool = True

    @property
    def rate(self) -> Rate | None:
        """The rate of the key, if it has one."""
        if self.begins is None or self.per is None:
            return None
        return Rate(count=self.begins, per=self.per)

    @property
    def is_limited(self) -> bool:
        """Whether its claimers must take turns."""
        return self.concurrency is not None or self.begins is not None


def share(
    lanes: Sequence[Lane], queues: Mapping[str, int], keys: Mapping[str, int]
) -> list[tuple[Lane, int]]:
    """Return lanes with how many may be taken of each, none of them nought.

    `queues` says how many may be taken of each queue, `keys` of each limited key. A key's room is
    given to its lanes in their order; that of a queue is not divided here, for a lane may turn out
    to have less than it may take.
    """
    left = dict(keys)
    shares = []
    for lane in lanes:
        room = queues.get(lane.queue, 0)
        if lane.is_limited:
            room = min(room, left.get(lane.key, 0))
            left[lane.key] = left.get(lane.key, 0) - room
        if room > 0:
            shares.append((lane, room))
    return shares
