"""Heads of requests are small: what reads them may take time by the square of their length."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from fediverse.gunicorn_worker import HEAD_BYTES

pytestmark = pytest.mark.django_db(transaction=True)
START = b"GET /api/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
# As much as gunicorn lets in by itself: each of a hundred lines has 8 KB.
LINES = 96
QUOTED = b'a="' + b'\\"' * 4000 + b'"'
HEADS = {
    "cookies": b"Cookie: " + b"a=b;" * 2000,
    "quoted cookies": b"Cookie: " + QUOTED,
    "accept": b"Accept: " + b"a/b," * 2000,
    "others": b"X-Some: " + b"a" * 8000,
}


def answer(web, request):
    """Return in how many seconds a request was answered, and what."""
    began = time.monotonic()
    address = ("127.0.0.1", web.port)
    with contextlib.closing(socket.create_connection(address, timeout=20)) as link:
        link.sendall(request)
        received = link.makefile("rb").read()
    return time.monotonic() - began, received


@pytest.mark.parametrize("name", HEADS)
def test_a_large_head_is_refused_at_once(web, name):
    seconds, received = answer(web, START + (HEADS[name] + b"\r\n") * LINES + b"\r\n")
    assert received.startswith(b"HTTP/1.1 431 ")
    assert seconds < 1


@pytest.mark.parametrize("path", [b"/api/", b"/health", b"/admin/login/"])
def test_cookies_that_take_long_to_unquote_are_refused_unread(web, path):
    cookie = (b"Cookie: " + QUOTED[:7900] + b"\r\n") * 3
    seconds, received = answer(web, START.replace(b"/api/", path) + cookie + b"\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"backslashes" in received
    assert seconds < 1


def test_a_head_that_a_proxy_lets_through_is_answered(web):
    lines = b"X-Some: " + b"a" * 7000 + b"\r\n"
    _, received = answer(web, START + lines * (HEAD_BYTES // len(lines) - 1) + b"\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")


def test_the_next_request_on_a_connection_has_as_much_room(web):
    request = START.replace(b"Connection: close\r\n", b"X-Some: " + b"a" * 8000 + b"\r\n") + b"\r\n"
    address = ("127.0.0.1", web.port)
    with contextlib.closing(socket.create_connection(address, timeout=20)) as link:
        for _ in range(8):
            link.sendall(request)
            received = b""
            while b"success" not in received:
                received += link.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 ")


def test_a_caller_does_not_say_where_the_site_begins(web):
    _, received = answer(web, START.replace(b"/api/", b"/x/api/") + b"SCRIPT_NAME: /x\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404 ")
