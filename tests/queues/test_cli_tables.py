"""What people see in a terminal: tables that fit, times in words, and no surprises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.cli.tables import columns, one_line, pairs, table
from queues.cli.times import exact_span, relative, span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = [["jobs", 5, "x"], ["a longer name", 1234, "yz"]]


def test_columns_are_aligned_and_numbers_are_to_the_right():
    assert table(["NAME", "N", "E"], ROWS, width=80) == [
        "NAME              N  E",
        "jobs              5  x",
        "a longer name  1234  yz",
    ]


def test_a_narrow_table_cuts_its_widest_column_and_says_so():
    lines = table(["NAME", "N", "E"], ROWS, width=17)
    assert lines[2] == "a long…  1234  yz"


def test_cells_are_painted_after_they_are_aligned():
    lines = table(["S"], [["failed"], ["x"]], width=80, paint={"failed": lambda t: f"<{t}>"})
    assert lines == ["S", "<failed>", "x"]


def test_wide_signs_count_for_two():
    assert [columns(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    assert table(["A", "B"], [["日本", "x"], ["abcd", "y"]], width=80)[1:] == [
        "日本  x", "abcd  y",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "a\rb", "a\x00b", "\u202eevil", "a\x9bb"])
def test_nothing_in_a_job_moves_the_cursor(text):
    assert one_line(text).isprintable()


@given(
    rows=st.lists(st.tuples(st.text(), st.integers(), st.text()), min_size=1, max_size=5),
    width=st.integers(40, 120),
)
def test_no_text_makes_a_table_wider_than_its_screen(rows, width):
    rows = [[name[:500], number % 10**9, rest[:500]] for name, number, rest in rows]
    for line in table(["NAME", "N", "REST"], rows, width=width):
        assert columns(line) <= width
        assert "\n" not in line


def test_facts_are_below_each_other():
    assert pairs({"id": 1, "name": "a\nb"}) == ["id    1", "name  a b"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"), (-0.9, "now"), (-1, "1 s ago"), (-59.9, "59 s ago"), (-180, "3 min ago"),
        (90, "in 1 min"), (7200, "in 2 h"), (-86_400 * 9, "9 d ago"),
    ],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds, words):
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_no_time_is_a_dash():
    assert (relative(None, NOW), span(None), span(0.5)) == ("-", "-", "0 s")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (5400, "1 h 30 min"), (90_061, "1 d 1 h 1 min 1 s")],
)
def test_an_exact_span_leaves_nothing_out(seconds, words):
    assert exact_span(seconds) == words
