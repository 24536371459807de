from __future__ import annotations

import pytest

from queues import metrics


@pytest.fixture(autouse=True)
def _nothing_is_counted_yet():
    """What an earlier test counted is not written in this one."""
    metrics._pending.clear()
