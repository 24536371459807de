"""The web as it is deployed, and a way to Postgres that a test may block."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress

from tests.processes import ROOT, environment, free_port
from tests.wait import until


class WebProcess:
    """gunicorn, on a port of its own; ended by the test."""

    def __init__(self, folder, **extra):
        self.port, self.log = free_port(), folder / f"web-{len(list(folder.glob('web-*')))}.log"
        extra = {"SECURE_SSL_REDIRECT": "false", "SECRET_KEY": "tests", **extra}
        command = [sys.executable, "-m", "gunicorn", "fediverse.wsgi", "--workers=1"]
        command += [f"--bind=127.0.0.1:{self.port}", "--no-control-socket"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(**extra),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, what="the web")

    def _answers(self):
        assert self.process.poll() is None, self.log.read_text()
        with suppress(OSError):
            return self.ask("GET", "/api/")
        return None

    def ask(self, method, path, body=None, **headers):
        """Return status, headers and document of an answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as link:
            link.request(method, path, body, headers)
            response = link.getresponse()
            text = response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, response.headers, json.loads(text) if is_json else text

    def end(self):
        # At once, and its workers with it: one that hangs as it quits would outlive its parent.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Proxy:
    """A way to a port, which may be frozen (nothing passes any more) or closed."""

    def __init__(self, host, port):
        self.target = (host, int(port))
        self.passing = threading.Event()
        self.passing.set()
        self.links: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                here, _ = self.listener.accept()
                there = socket.create_connection(self.target)
                self.links += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                self.passing.wait()
                sink.sendall(data)
        for end in (source, sink):
            cut(end)

    def freeze(self):
        self.passing.clear()

    def thaw(self):
        self.passing.set()

    def close(self):
        """Let nobody in any more, and cut what there is."""
        self.thaw()
        for end in (self.listener, *self.links):
            cut(end)
            end.close()


def cut(link):
    """End a connection. To close it alone would not wake a thread that waits for it."""
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
