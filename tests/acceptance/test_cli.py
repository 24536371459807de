"""A real `manage.py queues`: its exit codes, a reader that goes away, Ctrl-C, and a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading

import pytest
from django.db import connection

from queues.enqueue import enqueue, enqueue_many
from queues.models import Job
from queues.states import State
from queues.transport.client import producer
from tests.jobs import Act
from tests.processes import ROOT, environment, free_port
from tests.wait import until

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
ACT = Act(what="return")
COMMAND = [sys.executable, str(ROOT / "manage.py"), "queues"]


def run(*words, **extra):
    """Return code, stdout and stderr."""
    command = [*COMMAND, *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**extra), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_exit_codes_and_streams():
    job = enqueue(ACT)
    code, out, err = run("cancel", job.pk)
    assert (code, out, err) == (0, f"Job {job.pk} is cancelled.\n", "")
    code, out, err = run("cancel", job.pk)
    assert (code, out) == (1, "")
    assert err.endswith("is cancelled; allowed: waiting, delayed, waiting-children, active.\n")
    code, out, err = run("jobs", "colour=red", "--json")
    assert (code, "is no word of a filter" in err) == (2, True)
    assert "is no word of a filter" in json.loads(out)["error"]["message"]
    code, out, err = run("drain", "--json")
    assert (code, "required: QUEUE" in err) == (2, True)
    assert "required: QUEUE" in json.loads(out)["error"]["message"]


def test_without_postgres_it_says_so():
    base = connection.settings_dict
    address = f"postgres://{base['USER']}@127.0.0.1:{free_port()}/none"
    code, out, err = run("status", DATABASE_URL=address)
    assert (code, out) == (1, "")
    assert "Postgres does not answer" in err


def test_a_reader_that_goes_away_is_no_error():
    enqueue_many([ACT] * 1000)
    words = [*COMMAND, "jobs", "--limit", "1000"]
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline().split()[0] == b"ID"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 0
    process.stderr.close()


@pytest.fixture
def _ctrl_c():
    """What is started hears it, also where these tests themselves run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_events_are_told_until_ctrl_c(start_worker):
    process = subprocess.Popen(
        [*COMMAND, "events", "--json"], cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        start_worker().ready()
        until(lambda: producer().info("clients")["blocked_clients"] > 1, what="the reader")
        job = enqueue(ACT)
        told = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [one["event"] for one in told] == ["waiting", "active", "completed"]
        assert [one["ids"] for one in told] == [[job.pk]] * 3
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")
    finally:
        process.kill()
        process.wait()


def at_a_terminal(answer, *words):
    """Return code and output of a command that a person gives an answer to."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=ROOT, env=environment(COLUMNS=100, TERM="xterm"),
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer.encode())
    chunks = []

    def read():
        try:
            while chunk := os.read(ours, 4096):
                chunks.append(chunk)
        except OSError:
            """The other end is closed."""

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(60)
    reader.join(10)
    os.close(ours)
    return code, b"".join(chunks).decode()


def test_a_person_is_shown_what_will_happen_and_asked_and_may_wait_for_it(start_worker):
    enqueue_many([(ACT, {"delay": 60})] * 2)
    start_worker().ready()
    code, out = at_a_terminal("n\n", "cancel", "state=delayed")
    assert (code, Job.objects.filter(state=State.CANCELLED).count()) == (1, 0)
    assert "cancel: 2 jobs (2 delayed). Do it? [y/N]" in out
    assert "tests.act" in out
    code, out = at_a_terminal("y\n", "cancel", "state=delayed", "--wait")
    assert (code, Job.objects.filter(state=State.CANCELLED).count()) == (0, 2)
    assert "is done: 2 of 2 jobs, 0 passed over." in out


def test_there_are_colours_at_a_terminal_alone():
    enqueue(ACT)
    assert "\x1b[" in at_a_terminal("", "jobs")[1]
    assert "\x1b" not in run("jobs")[1]
