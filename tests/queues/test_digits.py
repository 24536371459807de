"""Whole numbers that people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.control import ControlError
from queues.digits import ANY, digits
from queues.limits import parse_rate
from queues.rate import Rate


@pytest.mark.parametrize(
    "text", ["", " ", "1_000", "+1", "-1", "1.0", " 1", "1\n", "٣", "²", "1" * 5000, "101"]
)
def test_what_is_no_number_up_to_the_most_is_none(text):
    assert digits(text, 100) is None


@given(st.integers(0, ANY))
def test_every_number_is_read(number):
    assert digits(str(number), ANY) == number


@pytest.mark.parametrize(
    "text", ["1_000/60", "٣/60", "3/6_0", "3/٣", "3", "3/", "3/nan", "/3", "3/-1"]
)
def test_a_rate_is_digits_and_nothing_else(text):
    with pytest.raises(ControlError, match="such as 300/60"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("300/60", Rate(count=300, per=60.0)), (" 3 / 0.5 ", Rate(count=3, per=0.5)), (" ", None)],
)
def test_a_rate_is_so_many_in_so_many_seconds(text, rate):
    assert parse_rate(text) == rate
