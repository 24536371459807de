"""Counting what an answer costs, without what counting its caller costs."""

from __future__ import annotations

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def answering():
    """Collect the queries of a view; those of the caller's bucket, which come now and then, not."""
    found = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [one["sql"] for one in captured if "queues_bucket" not in one["sql"]]
