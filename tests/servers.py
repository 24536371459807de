"""Instances on the loopback: a sample Mastodon, and one that says what it is told to say."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

from tests.processes import free_port
from tests.wait import until

TOKEN = "mock_token"


class SampleMastodon:
    """mastodon-mock in a process of its own; it calls itself by the address it listens on."""

    def __init__(self, log):
        self.port = free_port()
        where = f"127.0.0.1:{self.port}"
        self.base_url = f"http://{where}"
        program = Path(sys.executable).parent / "mastodon_mock"
        command = [str(program), "serve", "--in-memory", "--host", "127.0.0.1"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--domain", where],
                stdout=output,
                stderr=output,
            )
        until(self._answers, what="mastodon-mock")

    def _answers(self):
        try:
            return self.call("/api/v1/instance")
        except URLError:
            return None

    def call(self, path, **body):
        """GET, or POST the body if there is one, as the owner of TOKEN."""
        request = urllib.request.Request(  # noqa: S310  (our own server)
            self.base_url + path,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  (our own server)
            return json.load(response)

    def end(self):
        self.process.terminate()
        self.process.wait(10)


class Posted(NamedTuple):
    """A POST that arrived."""

    path: str
    headers: dict[str, str]
    body: str


class ScriptedInstance:
    """Answers every request with one status, some headers and a body, and notes the requests."""

    def __init__(self):
        self.says(200, b"[]")
        self.requests: list[str] = []
        self.posts: list[Posted] = []
        self.before_answer = lambda: None
        # What a GET of a path is answered with, whatever the rest is told to say.
        self.pages: dict[str, object] = {}
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                instance.requests.append(self.path)
                if self.path in instance.pages:
                    self.send(200, json.dumps(instance.pages[self.path]).encode(), {})
                else:
                    self.answer()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                instance.requests.append(self.path)
                instance.posts.append(Posted(self.path, dict(self.headers), body.decode()))
                self.answer()

            def answer(self):
                instance.before_answer()
                self.send(instance.status, instance.body, instance.headers)

            def send(self, status, body, headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def says(self, status, body=b"", **headers):
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def shows(self, native_id, *, visibility="public", author="grace@far.example", default=""):
        """Show a post, and to whom the token belongs, as Mastodon does."""
        post = {"id": native_id, "visibility": visibility, "account": {"acct": author}}
        self.pages[f"/api/v1/statuses/{native_id}"] = post
        me = {"acct": "ada", "source": {"privacy": default} if default else {}}
        self.pages["/api/v1/accounts/verify_credentials"] = me

    def end(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
