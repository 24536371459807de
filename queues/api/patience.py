"""Lists that Postgres would have to read too many rows for are given up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled
from rest_framework.exceptions import APIException

from queues.database import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS: Final = 5.0


class TooSlow(APIException):
    """A question that takes too long to answer."""

    status_code = 400
    default_code = "too_slow"


@contextmanager
def patience(seconds: float = SECONDS) -> Iterator[None]:
    """Let no statement inside of the block take longer. Raises TooSlow.

    The block is a transaction, to whose end the limit holds.
    """
    limit = f"{seconds * 1000:.0f}ms"
    try:
        with transaction.atomic():
            fetch("SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": limit})
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        message = f"Not answered within {seconds:g} seconds; narrow the filter, or order by id."
        raise TooSlow(message) from error
