"""A rate is never exceeded in any stretch of its length, and hardly missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.rate import MAX_COUNT, Rate, RateError

SECOND = 1_000_000
TEN = Rate(count=10, per=1)


def begun(rate, times, wanted):
    """Let `wanted` ask at each of the times; return when those began that were let through."""
    window, starts = [], []
    for now, want in zip(times, wanted, strict=True):
        took = min(want, rate.room(window, now))
        window = rate.add(window, now, took)
        starts += [now] * took
    return starts


@given(
    count=st.integers(1, 20),
    per=st.sampled_from([0.1, 0.5, 1, 7.3, 60]),
    gaps=st.lists(st.integers(0, 70_000_000), min_size=1, max_size=60),
    want=st.integers(1, 30),
)
def test_no_stretch_has_more_than_the_rate(count, per, gaps, want):
    rate = Rate(count=count, per=per)
    times = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    starts = begun(rate, times, [want] * len(times))
    for first in starts:
        assert sum(first <= start < first + per * SECOND for start in starts) <= count


@given(per=st.sampled_from([0.1, 1, 60, 3600]), count=st.integers(1, 500))
def test_a_patient_asker_gets_nearly_all_of_the_rate(per, count):
    rate = Rate(count=count, per=per)
    step = max(1, round(per * SECOND) // 100)
    times = range(0, 1000 * step, step)
    starts = begun(rate, times, [count] * len(times))
    assert len(starts) >= 9 * count


@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(0, 9)), max_size=30))
def test_it_opens_when_it_says_and_no_sooner(asks):
    window, now = [], 0
    for gap, count in asks:
        now += gap
        window = TEN.add(window, now, min(count, TEN.room(window, now)))
        opens = TEN.opens_at(window, now)
        assert (opens is None) == (TEN.room(window, now) > 0)
        if opens is not None:
            assert TEN.room(window, opens - 1) == 0
            assert TEN.room(window, opens) > 0


def test_what_is_over_is_forgotten_and_a_clock_that_was_set_back_closes_nothing_for_long():
    window = TEN.add([], 0, 10)
    assert TEN.add(window, 100 * SECOND, 0) == []
    ahead = TEN.add([], 3600 * SECOND, 10)
    assert TEN.room(ahead, 0) == 10


def test_a_new_rate_goes_on_counting_what_the_old_one_let_through():
    window = TEN.add([], 10 * SECOND, 10)
    longer = Rate(count=12, per=60)
    assert longer.room(window, 12 * SECOND) == 2
    assert Rate(count=10, per=0.5).room(window, 10 * SECOND) == 0


@pytest.mark.parametrize(
    ("count", "per", "named"),
    [
        (0, 1, "rate is 0"),
        (True, 1, "rate is True"),
        (1.5, 1, "rate is 1.5"),
        (MAX_COUNT + 1, 1, "rate is"),
        (1, 0, "per is 0"),
        (1, -1, "per is -1"),
        (1, float("nan"), "per is nan"),
        (1, float("inf"), "per is inf"),
        (1, "1", "per is '1'"),
    ],
)
def test_what_is_no_rate_is_refused_by_name(count, per, named):
    with pytest.raises(RateError, match="allowed") as refused:
        Rate(count=count, per=per)
    assert named in str(refused.value)
