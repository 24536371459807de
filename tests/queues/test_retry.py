from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.retry import MAX_DELAY_MS, Backoff, BackoffError, parse_backoff

BACKOFFS = st.builds(
    Backoff,
    type=st.sampled_from(["fixed", "exponential"]),
    delay=st.integers(0, MAX_DELAY_MS),
    jitter=st.floats(0, 1),
)


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff(delay=5000), [5000, 5000, 5000]),
        (Backoff(type="exponential", delay=2000), [2000, 4000, 8000]),
        (Backoff(type="exponential", delay=1000), [1000, 2000, 4000, 8000, 16000]),
        (Backoff(), [0, 0]),
    ],
)
def test_waits_grow_as_bullmq_computes_them(backoff, waits):
    found = [backoff.wait_ms(n, roll=0.5) for n in range(1, len(waits) + 1)]
    assert found == waits


@pytest.mark.parametrize(("roll", "wait"), [(0.0, 500), (0.5, 750), (0.999, 999)])
def test_jitter_draws_from_the_upper_part(roll, wait):
    assert Backoff(delay=1000, jitter=0.5).wait_ms(1, roll=roll) == wait


@given(BACKOFFS, st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_negative_nor_beyond_a_week(backoff, failures, roll):
    assert 0 <= backoff.wait_ms(failures, roll=roll) <= MAX_DELAY_MS


@given(BACKOFFS)
def test_what_the_row_keeps_reads_back(backoff):
    assert parse_backoff(backoff.as_json()) == backoff


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"type": "linear"}, "backoff.type"),
        ({"delay": -1}, "backoff.delay"),
        ({"delay": 1.5}, "backoff.delay"),
        ({"delay": True}, "backoff.delay"),
        ({"jitter": 2}, "backoff.jitter"),
        ({"jitter": float("nan")}, "backoff.jitter"),
        ({"wait": 1}, "wait"),
        (True, "backoff"),
        (-5, "backoff.delay"),
        ("fast", "backoff"),
        ([1], "backoff"),
    ],
)
def test_a_wrong_policy_names_its_field(value, field):
    with pytest.raises(BackoffError, match=field):
        parse_backoff(value)
