"""When the slot of a job that ended is free."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from queues.endings import Returned, Snoozed
from queues.execution import Performed
from queues.worker.settler import Settler
from queues.worker.slots import Slots
from queues.worker.switch import Switch
from tests.jobs import QUEUE


@pytest.mark.parametrize(
    ("ending", "free"),
    [
        (Returned(None), {QUEUE: 1}),
        (Snoozed(seconds=60), {QUEUE: 1}),
        (Snoozed(seconds=60, key="x"), {}),
    ],
    ids=["returned", "snoozed", "rate limited"],
)
def test_a_slot_is_free_before_its_end_is_written_unless_that_closes_a_key(ending, free):
    slots = Slots({QUEUE: 1})
    slots.take([QUEUE])
    # It has not begun to settle anything.
    settler = Settler(slots, SimpleNamespace(), Switch())
    settler.put(Performed(SimpleNamespace(queue=QUEUE), ending, None, 0.0))
    assert slots.free() == free
