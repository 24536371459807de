"""The connections that requests and handlers share."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Any, Final

from psycopg import Connection, OperationalError
from psycopg.pq import ExecStatus

if TYPE_CHECKING:
    from psycopg import Cursor

CHECK_SECONDS: Final = 1.5


class CheckedConnection(Connection[Any]):
    """A connection whose health check comes to an end.

    The pool asks a connection with an empty query before it gives it out, and psycopg waits for the
    answer for ever. A Postgres that is frozen says nothing, so it would freeze the asker as well.
    """

    def execute(self, query: Any, *args: Any, **options: Any) -> Cursor[Any]:
        """Do as psycopg does; raise OperationalError if an empty query takes too long."""
        if query != "":
            return super().execute(query, *args, **options)
        self.pgconn.send_query(b"")
        deadline = time.monotonic() + CHECK_SECONDS
        while self.pgconn.is_busy():
            self._await_bytes(deadline - time.monotonic())
            self.pgconn.consume_input()
        # Every result has to be fetched before the next query; the last is followed by None.
        while result := self.pgconn.get_result():
            if result.status != ExecStatus.EMPTY_QUERY:
                raise OperationalError(result.get_error_message())
        return self.cursor()

    def _await_bytes(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            self.close()
            raise OperationalError(f"Postgres has not answered for {CHECK_SECONDS} s.")
