"""The table of what is claimed about speed."""

from __future__ import annotations

import pytest

from benchmarks.contenders import FULL, QUICK, Figure, Line, lines
from benchmarks.report import row, table

MINE = Figure(label="Fediverse Hub", home="ours", command=("mine",))
FASTER = Figure(label="Fediverse Hub", home="ours", command=("faster",))
THEIRS = Figure(label="BullMQ", home="node", command=("theirs",))
RAW = {
    ("mine",): [{"value": 10.0}, {"value": 11.0}, {"value": 900.0}],
    ("faster",): [{"value": 20.0}, {"value": 22.0}, {"value": 24.0}],
    ("theirs",): [{"value": 11.0}],
}


def test_a_row_has_the_best_median_its_ratio_and_whether_the_bar_is_met():
    line = Line(name="drain", unit="jobs/s", ours=(MINE, FASTER), peer=(THEIRS,), bar=1.2)
    assert row(line, RAW) == {
        "name": "drain",
        "ours": 22.0,
        "unit": "jobs/s",
        "peer": "BullMQ",
        "peerValue": 11.0,
        "ratio": 2.0,
        "bar": 1.2,
        "met": True,
    }


@pytest.mark.parametrize(("bar", "met"), [(10, False), (11, True), (12, True)])
def test_less_is_better_where_it_is_said_to_be(bar, met):
    line = Line(name="late", unit="ms", ours=(MINE,), bar=bar, more=False)
    found = row(line, RAW)
    assert (found["ours"], found["peer"], found["ratio"], found["met"]) == (11, None, None, met)


def test_what_was_not_measured_is_neither_met_nor_missed():
    line = Line(name="drain", unit="jobs/s", ours=(MINE,), peer=(THEIRS,), bar=1)
    found = row(line, {("mine",): RAW["mine",], ("theirs",): []})
    assert (found["peerValue"], found["ratio"], found["met"]) == (None, None, None)
    assert "not measured" in table([line], {})


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_every_line_has_a_name_of_its_own(scale):
    names = [line.name for line in lines(scale)]
    assert len(names) == len(set(names))
    assert {name.partition("/")[0] for name in names} >= {
        "drain", "bulk", "single", "pickup", "lateness", "waiting", "workers", "backlog",
        "snapshot", "pages", "memory",
    }  # fmt: skip
