"""The web server of production, with somebody who watches events."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from queues.enqueue import enqueue
from tests.jobs import Act
from tests.processes import ROOT, environment, free_port
from tests.viewer import Viewer
from tests.wait import until

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
GRACE = 20


class Gunicorn:
    """One process, with the threads of production."""

    def __init__(self, log):
        self.url = f"http://127.0.0.1:{free_port()}"
        command = ["-m", "gunicorn", "fediverse.wsgi", f"--bind={self.url[7:]}", "--workers=1"]
        command += ["--no-control-socket", f"--graceful-timeout={GRACE}"]
        settings = environment(DJANGO_SETTINGS_MODULE="tests.settings")
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=settings, stdout=output, stderr=output
            )

    def ready(self):
        until(self._answers, what="gunicorn", seconds=30)
        return self

    def _answers(self):
        try:
            return urllib.request.urlopen(f"{self.url}/health", timeout=2).status  # noqa: S310
        except OSError:
            return None

    def end(self):
        """Let it end, and its workers with it: they hold connections to the test's database."""
        self.process.terminate()
        self.process.wait(GRACE + 5)


@pytest.fixture
def gunicorn(tmp_path, transactional_db):
    server = Gunicorn(tmp_path / "log")
    try:
        yield server.ready()
    finally:
        server.end()


def test_gunicorn_does_not_wait_for_viewers_when_it_ends(gunicorn, client, admin_user):
    client.force_login(admin_user)
    viewer = Viewer(gunicorn.url, client.cookies["sessionid"].value)
    assert viewer.block()["retry"] == "2000"
    job = enqueue(Act(what="return"))
    assert viewer.event()["data"]["ids"] == [job.pk]
    started = time.monotonic()
    gunicorn.process.send_signal(signal.SIGTERM)
    assert viewer.rest().endswith(": come back\n\n")
    assert gunicorn.process.wait(GRACE) == 0
    assert time.monotonic() - started < GRACE / 2
    viewer.vanish()


def test_gunicorn_frees_the_old_worker_when_it_is_reloaded(gunicorn, client, admin_user):
    client.force_login(admin_user)
    cookie = client.cookies["sessionid"].value
    viewer = Viewer(gunicorn.url, cookie)
    place = viewer.block()["id"]
    gunicorn.process.send_signal(signal.SIGHUP)
    assert viewer.rest().endswith(": come back\n\n")
    viewer.vanish()
    job = enqueue(Act(what="return"))
    again = until(lambda: _came_back(gunicorn.url, cookie, place), what="the new worker")
    assert again.event()["data"]["ids"] == [job.pk]
    again.vanish()


def _came_back(url, cookie, place):
    try:
        return Viewer(url, cookie, Last_Event_ID=place)
    except OSError:
        return None
