"""Clients that try to hold a web server by being slow, and reconnect when they are cut off."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

HEAD: Final = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY: Final = (
    b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n{"
)
# A large answer that nobody needs to sign in for.
UNREAD: Final = b"GET /api/schema HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: identity\r\n\r\n"
GARBAGE: Final = b"GARBAGE\r\n\r\n"


@dataclass(frozen=True)
class Manner:
    """What a client sends first, what it adds every `every` seconds, and whether it reads."""

    first: bytes
    then: bytes = b""
    every: float = 0.5
    reads: bool = True


SILENT: Final = (Manner(b""), Manner(b"G"))
DRIPPING: Final = (Manner(HEAD, b"a"), Manner(BODY, b"a"))
# They take nothing of an answer, or do not close when they were refused. What they add finds out
# whether the connection is still there.
DEAF: Final = (Manner(UNREAD, b"\r\n", reads=False), Manner(GARBAGE, b"\r\n", reads=False))


@dataclass(eq=False)
class _Client:
    manner: Manner
    link: socket.socket
    next_at: float
    since: float = field(default_factory=time.monotonic)


class SlowClients:
    """So many connections of some manners to a port, until the block ends.

    `cut_after` has the seconds after which each was cut off by the server.
    """

    def __init__(self, port: int, count: int, manners: tuple[Manner, ...]) -> None:
        self._port = port
        self._manners = [manners[number % len(manners)] for number in range(count)]
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.cut_after: list[float] = []

    def __enter__(self) -> Self:
        for manner in self._manners:
            self._connect(manner)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        for client in self._clients:
            client.link.close()
        self._selector.close()

    def _connect(self, manner: Manner) -> None:
        link = socket.socket()
        link.settimeout(10)
        if not manner.reads:
            # So that an answer does not fit into what the kernel keeps for it.
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", self._port))
        client = _Client(manner, link, time.monotonic() + manner.every)
        self._clients.append(client)
        if manner.reads:
            self._selector.register(link, selectors.EVENT_READ, client)
        with suppress(OSError):
            link.sendall(manner.first)

    def _run(self) -> None:
        while not self._ends.is_set():
            for key, _ in self._selector.select(0.05):
                self._look(key.data)
            now = time.monotonic()
            for client in self._clients.copy():
                if client.manner.then and client.next_at <= now:
                    client.next_at = now + client.manner.every
                    self._drip(client)

    def _look(self, client: _Client) -> None:
        try:
            if client.link.recv(65536):
                return
        except OSError:
            pass
        self._cut(client)

    def _drip(self, client: _Client) -> None:
        try:
            client.link.sendall(client.manner.then)
        except OSError:
            self._cut(client)

    def _cut(self, client: _Client) -> None:
        self.cut_after.append(time.monotonic() - client.since)
        self._clients.remove(client)
        if client.manner.reads:
            self._selector.unregister(client.link)
        client.link.close()
        if not self._ends.is_set():
            self._connect(client.manner)
