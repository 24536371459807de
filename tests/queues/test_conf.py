from __future__ import annotations

import pytest

from queues.conf import QueueSettingsError, get_queues, parse_queue
from queues.retry import Backoff


def test_the_three_queues_are_those_of_the_old_service():
    found = {
        conf.name: (
            conf.json_name,
            conf.attempts,
            conf.backoff,
            conf.keep_completed.count,
            conf.keep_failed.count,
        )
        for conf in get_queues().values()
    }
    assert found == {
        "content-aggregation": (
            "contentAggregation", 3, Backoff(type="exponential", delay=2000), 10, 5,
        ),
        "notifications": ("notifications", 2, Backoff(delay=5000), 5, 3),
        "user-actions": ("userActions", 5, Backoff(type="exponential", delay=1000), 20, 10),
    }  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        {"attempts": 0},
        {"attempts": "3"},
        {"attempts": True},
        {"slots": 0},
        {"timeout": 0},
        {"keep_failed": -1},
        {"backoff": {"type": "odd"}},
        {"speed": 1},
    ],
)
def test_a_wrong_setting_names_queue_and_field(raw):
    with pytest.raises(QueueSettingsError, match=f"mail: .*{next(iter(raw))}"):
        parse_queue("mail", raw)
