from __future__ import annotations

import pytest

from queues.lanes import Lane, share


def lane(key, queue="a", *, concurrency=None, begins=None):
    per = None if begins is None else 1.0
    return Lane(queue, key, concurrency, begins, per, is_known=True)


@pytest.mark.parametrize(
    ("lanes", "queues", "keys", "shares"),
    [
        ([], {"a": 5}, {}, []),
        ([lane("x")], {"a": 5}, {}, [5]),
        ([lane("x")], {"a": 0}, {}, []),
        ([lane("x")], {}, {}, []),
        ([lane("x", concurrency=2)], {"a": 5}, {"x": 2}, [2]),
        ([lane("x", concurrency=2)], {"a": 5}, {"x": 0}, []),
        # Somebody else has locked it.
        ([lane("x", concurrency=2)], {"a": 5}, {}, []),
        # A key in two queues has its room once.
        ([lane("x", begins=3), lane("x", "b", begins=3)], {"a": 2, "b": 2}, {"x": 3}, [2, 1]),
        ([lane("x", begins=3), lane("x", "b", begins=3)], {"a": 3, "b": 2}, {"x": 3}, [3]),
        # A queue's room is offered to each, for one may have less to take.
        ([lane("x"), lane("y")], {"a": 2}, {}, [2, 2]),
    ],
)
def test_room_is_shared_in_order(lanes, queues, keys, shares):
    assert [count for _, count in share(lanes, queues, keys)] == shares
