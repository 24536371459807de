"""Clients that say nothing, to the web as it is deployed."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.wait import until
from tests.web import WebProcess

HEAD = (
    b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{"
)


@pytest.fixture
def web(tmp_path, transactional_db):
    process = WebProcess(tmp_path)
    yield process
    process.end()


def answers(web):
    try:
        return web.ask("GET", "/health")[0] == 200
    except TimeoutError:
        return False


def test_bodies_that_never_come_hold_no_thread_for_long(web):
    with ExitStack() as stack:
        for _ in range(12):
            link = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
            link.sendall(HEAD)
        until(lambda: answers(web), seconds=40, what="an answer beside the silent clients")
