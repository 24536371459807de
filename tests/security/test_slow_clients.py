"""Clients that are slow on purpose, to the web as it is deployed and without a proxy in front."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.slow_clients import BODY, DEAF, DRIPPING, HEAD, SILENT, SlowClients
from fediverse.gunicorn_worker import BODY_SECONDS, HEAD_SECONDS
from tests.wait import until
from tests.web import WebProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("waiting")]
STATS = "/api/queue/stats"


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        process = WebProcess(tmp_path_factory.mktemp("web"))
    yield process
    process.end()


def wait_of(web, path, **headers):
    began = time.monotonic()
    assert web.ask("GET", path, **headers)[0] == 200
    return time.monotonic() - began


def answers_at_once(web, bearer, times=10):
    for _ in range(times):
        assert wait_of(web, "/health") < 1
        assert wait_of(web, STATS, **bearer) < 1


def test_fifty_silent_and_fifty_dripping_clients_keep_nobody_waiting(web, bearer):
    answers_at_once(web, bearer, times=1)
    with SlowClients(web.port, 50, SILENT), SlowClients(web.port, 50, DRIPPING):
        answers_at_once(web, bearer)


def test_clients_that_take_no_answer_or_do_not_close_keep_nobody_waiting(web, bearer):
    answers_at_once(web, bearer, times=1)
    with SlowClients(web.port, 40, DEAF):
        # What they ask for is to be computed first, as for anybody.
        until(lambda: wait_of(web, STATS, **bearer) < 0.5, what="the web to have computed")
        answers_at_once(web, bearer)


def cut_off_after(port, first, every=0.5):
    """Return after how many seconds of dripping a client was cut off, and what it was answered."""
    began = time.monotonic()
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=every)) as link:
        link.sendall(first)
        while time.monotonic() - began < 60:
            try:
                answer = link.recv(65536)
            except TimeoutError:
                link.sendall(b"a")
            except ConnectionResetError:
                return time.monotonic() - began, b""
            else:
                seconds = time.monotonic() - began
                link.settimeout(5)
                return seconds, answer + (link.makefile("rb").read() if answer else b"")
    raise AssertionError("It was never cut off.")


def test_who_drips_is_cut_off_in_time(web):
    with ThreadPoolExecutor() as threads:
        heads = [threads.submit(cut_off_after, web.port, first) for first in (b"", b"G", HEAD)]
        body = threads.submit(cut_off_after, web.port, BODY)
    for head in heads:
        seconds, answer = head.result()
        assert HEAD_SECONDS - 1 < seconds < HEAD_SECONDS + 2
        assert answer == b""
    seconds, answer = body.result()
    assert BODY_SECONDS - 1 < seconds < BODY_SECONDS + 2
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request_timeout" in answer


def test_a_connection_that_was_given_up_is_not_read_on(web):
    with contextlib.closing(socket.create_connection(("127.0.0.1", web.port), 20)) as link:
        link.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        until(lambda: link.recv(1) == b"", seconds=20, what="the end")
        with contextlib.suppress(OSError):
            link.sendall(b"\r\n")
            assert link.recv(1) == b""


def test_requests_on_a_connection_that_stays_are_answered_one_after_the_other(web):
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", web.port), 5)) as link:
        for sent in (request, request * 2):
            link.sendall(sent)
            received = b""
            while received.count(b"HTTP/1.1 200 OK") < len(sent) // len(request):
                received += link.recv(65536)


def test_slow_clients_do_not_fill_the_log(web):
    log = web.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:3000]
