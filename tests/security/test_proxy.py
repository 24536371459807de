"""nginx with the configuration that docker-compose.yml ships, in front of the web as deployed."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from benchmarks.slow_clients import DEAF, DRIPPING, SILENT, SlowClients
from queues.queue_control import pause
from tests.processes import ROOT, free_port
from tests.viewer import Viewer
from tests.wait import until
from tests.web import WebProcess

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("waiting"),
    pytest.mark.skipif(not NGINX, reason="### NO nginx: apt-get install nginx-light ###"),
]
SIMPLE = "/api/queue/test-simple"
BULK = "/api/queue/jobs/bulk"
JSON = {"Content-Type": "application/json"}
STATS = "/api/queue/stats"
MIB = 1024 * 1024


def configure(folder, port, web_port):
    """Write the shipped configuration, with other addresses and another place for its files."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for ours, here in (
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("http://web:3000", f"http://127.0.0.1:{web_port}"),
        ("/tmp/", f"{folder}/"),  # noqa: S108
        ("/etc/hub/", f"{folder}/"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    (folder / "nginx.conf").write_text(text)
    return [NGINX, "-c", folder / "nginx.conf", "-e", "stderr", "-p", folder]


class Nginx:
    """nginx as shipped, until it is told to end."""

    def __init__(self, folder, web_port):
        self.port, self.log = free_port(), folder / "nginx.log"
        command = configure(folder, self.port, web_port)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, what="nginx")

    def _answers(self):
        assert self.process.poll() is None, self.log.read_text()
        with suppress(OSError):
            return self.ask("GET", "/health")[0] == 200
        return False

    def ask(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as link:
            with suppress(BrokenPipeError, ConnectionResetError):
                link.request(method, path, body, headers)
            response = link.getresponse()
            return response.status, response.headers, response.read()

    def end(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup, django_db_blocker):
    more = {"NUM_PROXIES": 1, "BEHIND_TLS_PROXY": "true", "OPEN_ENDPOINT_PER_MINUTE": 3}
    with django_db_blocker.unblock():
        process = WebProcess(tmp_path_factory.mktemp("web"), **more)
    yield process
    process.end()


@pytest.fixture(scope="module")
def proxy(web):
    # Not in pytest's folder, which nginx's own user may not enter if root runs the tests.
    with tempfile.TemporaryDirectory(prefix="nginx-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        yield from started(folder, web)


def started(folder, web):
    process = Nginx(folder, web.port)
    yield process
    process.end()


def wait_of(proxy, path, **headers):
    began = time.monotonic()
    assert proxy.ask("GET", path, **headers)[0] == 200
    return time.monotonic() - began


@pytest.mark.parametrize("manners", [(SILENT, DRIPPING), (DEAF,)])
def test_slow_clients_keep_nobody_waiting(proxy, bearer, manners):
    assert proxy.ask("GET", STATS, **bearer)[0] == 200
    with SlowClients(proxy.port, 40, manners[0]), SlowClients(proxy.port, 40, manners[-1]):
        # The first asks for what is to be computed, as for anybody.
        until(lambda: wait_of(proxy, STATS, **bearer) < 0.5, what="the web to have computed")
        for _ in range(5):
            assert wait_of(proxy, "/health") < 1
            assert wait_of(proxy, STATS, **bearer) < 1


def test_a_forged_address_is_no_other_caller(proxy):
    statuses = [
        proxy.ask("POST", SIMPLE, "{}", X_Forwarded_For=f"198.51.100.{number}", **JSON)[0]
        for number in range(5)
    ]
    assert statuses == [200, 200, 200, 429, 429]


def test_events_pass_as_they_come(proxy, client, admin_user):
    client.force_login(admin_user)
    viewer = Viewer(f"http://127.0.0.1:{proxy.port}", client.cookies["sessionid"].value)
    viewer.socket.settimeout(3)
    assert viewer.block()["retry"] == "2000"
    pause("notifications")
    assert viewer.event()["data"]["event"] == "paused"
    viewer.vanish()


def test_bodies_are_bounded_as_the_web_bounds_them(proxy, bearer):
    for path, size in ((BULK, 9 * MIB), (f"{BULK}/", 9 * MIB), (SIMPLE, 129 * 1024)):
        status, headers, body = proxy.ask("POST", path, b" " * size, **JSON, **bearer)
        assert (status, json.loads(body)["code"]) == (413, "payload_too_large")
        assert headers["Content-Type"] == "application/problem+json"
    # This one the web refuses itself: the token may not write.
    assert proxy.ask("POST", BULK, b" " * 7 * MIB, **JSON, **bearer)[0] == 403


def test_its_log_has_paths_and_no_queries(proxy):
    assert proxy.ask("GET", "/health?secret=canary", Referer="http://a/?canary")[0] == 200
    line = until(
        lambda: [one for one in proxy.log.read_text().splitlines() if '"GET /health ' in one],
        what="the line of the log",
    )[-1]
    assert line.startswith("127.0.0.1 [")
    assert "canary" not in proxy.log.read_text()


def test_the_additions_that_the_documents_show_are_taken(tmp_path):
    page = (ROOT / "docs" / "operations.md").read_text()
    blocks = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    folder = tmp_path / "server.d"
    folder.mkdir()
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hub"]
    subprocess.run([*openssl, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    for block in blocks:
        (folder / "mine.conf").write_text(block.replace("/etc/hub/", f"{tmp_path}/"))
        command = configure(tmp_path, free_port(), free_port())
        done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert "test is successful" in done.stderr, done.stderr
