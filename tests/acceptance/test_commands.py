"""The commands beside `rqworker`, its flags, and RQ's own tools."""

from __future__ import annotations

import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from queues import leases, queue_control
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Job, Worker
from queues.states import State
from tests.jobs import QUEUE, Act, Note, lines
from tests.life_jobs import Apart, Sign
from tests.processes import ROOT, environment
from tests.rows import let_leases_run_out
from tests.wait import until

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
ACT = Act(what="return")


def orphaned():
    """Return a job whose worker is dead."""
    job = enqueue(ACT)
    worker_id = leases.register("dead", {QUEUE: 1}, version="1")
    claim_ids(worker_id, [job.pk], [QUEUE])
    let_leases_run_out()
    return job


def test_maintenance_alone_promotes_and_rescues_until_it_is_stopped(wait_for, tmp_path):
    command = [sys.executable, ROOT / "manage.py", "queue_maintenance"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
    try:
        job, delayed = orphaned(), enqueue(ACT, delay=1)
        assert wait_for(job, State.WAITING).crashes == 1
        wait_for(delayed, State.WAITING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_maintenance_once_says_what_it_did():
    orphaned()
    Job.objects.filter(pk=enqueue(ACT, delay=60).pk).update(run_at=Now())
    out = StringIO()
    call_command("queue_maintenance", "--once", stdout=out)
    said = dict(line.split(": ") for line in out.getvalue().splitlines())
    assert (said["promote"], said["rescue"], said["prune"]) == ("1", "1", "0")


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ("letters=1", "allowed: QUEUE=N, with QUEUE one of content-aggregation"),
        (QUEUE, "allowed: QUEUE=N"),
        (f"{QUEUE}=0", "allowed: 1 to 500"),
        (f"{QUEUE}=501", "allowed: 1 to 500"),
        (f"{QUEUE}=x", "allowed: QUEUE=N"),
    ],
)
def test_slots_that_cannot_be_are_refused_in_words(slots, says):
    with pytest.raises(CommandError, match=says):
        call_command("rqworker", "--slots", slots)


def test_a_worker_shows_what_it_is_and_ends_when_idle(start_worker):
    worker = start_worker(
        "--name", "anna", "--max-idle-time", "2", QUEUE, CODE_VERSION="v7"
    ).ready()
    row = Worker.objects.get()
    assert (row.name, row.version, row.queues) == ("anna", "v7", [QUEUE])
    assert row.slots == {QUEUE: 16}
    assert "tests.act" in row.kinds
    assert worker.wait() == 0


def test_rqs_own_tool_lists_our_worker_and_the_waiting_jobs(start_worker):
    queue_control.pause(QUEUE)
    start_worker("--name", "berta").ready()
    for _ in range(3):
        enqueue(ACT)
    variables = environment()
    command = [sys.executable, "-m", "rq.cli", "info", "--url", variables["REDIS_URL"]]

    def info():
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        return done.stdout if "berta" in done.stdout else None

    shown = until(info, what="the worker to be listed")
    assert "3 jobs total" in shown.replace("\x1b[0m", "")


def test_a_stock_worker_runs_every_sort_of_kind_one_by_one(tmp_path, wait_for):
    path = tmp_path / "ledger"
    jobs = [
        enqueue(Note(path=str(path), text="thread"), keep_completed=False),
        enqueue(Apart(what="return"), keep_completed=False),
        enqueue(Sign(), keep_completed=False),
    ]
    variables = environment()
    code = "import django; django.setup(); import sys; from rq.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "worker", "--burst", "--url", variables["REDIS_URL"]]
    options = ["--job-class", "queues.transport.job.HubJob", "--serializer", "json", QUEUE]
    subprocess.run([*command, *options], cwd=ROOT, env=variables, timeout=60, check=True)
    for job in jobs:
        wait_for(job, State.COMPLETED)
    assert "start thread" in lines(path)


def test_the_health_check_of_a_worker(start_worker):
    with pytest.raises(CommandError, match="holds a lease"):
        call_command("worker_alive")
    start_worker().ready()
    call_command("worker_alive")
