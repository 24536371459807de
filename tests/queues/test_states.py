from __future__ import annotations

import re
from pathlib import Path

import pytest

from queues.states import FINISHED, INITIAL, TRANSITIONS, Event, IllegalMoveError, State, move

PAGE = Path(__file__).resolve().parents[2] / "docs" / "state_machine.md"


def table_of_the_page():
    row = re.compile(r"^\| ([a-z, -]+) \| \*([a-z ]+)\* \| ([a-z, -]+) \|", re.MULTILINE)
    return {
        Event(event): (
            frozenset(State(name) for name in sources.split(", ")),
            frozenset(State(name) for name in targets.split(", ")),
        )
        for sources, event, targets in row.findall(PAGE.read_text())
    }


def test_the_page_and_the_table_say_the_same():
    assert table_of_the_page() == dict(TRANSITIONS)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("source", State)
@pytest.mark.parametrize("target", State)
def test_only_the_moves_of_the_table_are_allowed(event, source, target):
    sources, targets = TRANSITIONS[event]
    if source in sources and target in targets:
        assert move(event, source, target) is target
    else:
        with pytest.raises(IllegalMoveError, match=str(event)):
            move(event, source, target)


def test_a_finished_job_is_moved_by_an_operator_only():
    moving = {event for event in Event if TRANSITIONS[event][0] & FINISHED}
    assert moving == {Event.RETRY, Event.REOPEN, Event.UNDO_CANCEL}


def test_a_job_begins_waiting_in_some_way():
    assert {State.WAITING, State.DELAYED, State.WAITING_CHILDREN} == INITIAL
