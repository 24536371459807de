"""Jobs that run in a process of their own."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from queues import control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Attempt, Job, LogLine
from queues.states import State
from tests.jobs import QUEUE, Act, lines
from tests.life_jobs import Apart, AwaitApart
from tests.wait import until

pytestmark = pytest.mark.acceptance


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def fork_servers(pid):
    """Return the fork servers among the children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"forkserver" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    assert found
    return found


def pid_in(path):
    return int(until(lambda: lines(path), what="the child to begin")[-1])


def test_a_child_returns_its_result_and_what_it_recorded(start_worker, wait_for, tmp_path):
    worker = start_worker().ready()
    path = tmp_path / "pids"
    done = wait_for(enqueue(Apart(what="return", path=str(path))), State.COMPLETED)
    assert done.result == pid_in(path) != worker.process.pid
    assert done.progress == {"done": 1, "total": 2, "note": "half"}
    assert LogLine.objects.get().text == "from the child"
    assert wait_for(enqueue(Apart(what="count")), State.COMPLETED).result == 0
    assert wait_for(enqueue(Apart(what="odd")), State.COMPLETED).result == {"answer": 42}


def test_of_many_children_that_die_together_each_is_known_by_its_death(start_worker):
    start_worker("--slots", f"{QUEUE}=24").ready()
    enqueue_many([(Apart(what="segfault"), {"keep_failed": False}) for _ in range(12)])
    until(lambda: Job.objects.filter(state="failed").count() == 12, seconds=40, what="the deaths")
    said = set(Attempt.objects.values_list("error_message", flat=True))
    assert {text.rpartition(": ")[2] for text in said} == {"killed by SIGSEGV."}


def test_children_outlive_their_fork_server_and_the_next_ones_get_another(
    start_worker, wait_for, tmp_path
):
    worker = start_worker().ready()
    path = str(tmp_path / "ledger")
    job = enqueue(AwaitApart(path=path))
    until(lambda: lines(path), what="the child to begin")
    for pid in fork_servers(worker.process.pid):
        os.kill(pid, signal.SIGKILL)
    later = wait_for(enqueue(Apart(what="return")), State.COMPLETED)
    Path(path + ".go").touch()
    for one in (wait_for(job, State.COMPLETED), later):
        assert (one.attempt, one.crashes) == (1, 0)


@pytest.mark.parametrize(
    ("what", "state", "outcomes"),
    [
        ("raise", "failed", ["failed"] * 2),
        ("fail", "failed", ["failed"]),
        ("snooze", "delayed", ["snoozed"]),
    ],
)
def test_what_a_child_raises_means_what_it_means_in_a_thread(
    start_worker, wait_for, what, state, outcomes
):
    start_worker().ready()
    job = wait_for(enqueue(Apart(what=what)), state)
    assert list(job.attempts.values_list("outcome", flat=True)) == outcomes
    if what == "raise":
        assert "ValueError: no luck" in job.attempts.last().traceback


def test_a_child_that_swallows_everything_is_killed_at_its_deadline(
    start_worker, wait_for, tmp_path
):
    start_worker().ready()
    path = tmp_path / "pids"
    # Time enough for the child to begin, on a busy machine too.
    job = enqueue(Apart(what="loop", path=str(path)), timeout=3, attempts=1)
    pid = pid_in(path)
    done = wait_for(job, State.FAILED)
    assert (done.cause, done.attempts.get().outcome) == ("timeout", "timed out")
    assert 3 <= (done.finished_at - done.started_at).total_seconds() < 6
    until(lambda: is_gone(pid), what="the child to be gone")


def test_a_child_that_dies_costs_its_job_a_crash_and_no_other_job_anything(start_worker, wait_for):
    worker = start_worker().ready()
    deaths = {what: enqueue(Apart(what=what)) for what in ("segfault", "exit")}
    others = [enqueue(Act(what="return"), keep_completed=False) for _ in range(20)]
    for job in deaths.values():
        done = wait_for(job, State.FAILED, seconds=30)
        assert (done.cause, done.attempt, done.crashes) == ("crashed", 0, 4)
        assert list(done.attempts.values_list("outcome", flat=True)) == ["crashed"] * 4
    assert "killed by SIGSEGV" in Job.objects.get(pk=deaths["segfault"].pk).error_message
    assert "exited with 3" in Job.objects.get(pk=deaths["exit"].pk).error_message
    for job in others:
        done = wait_for(job, State.COMPLETED)
        assert (done.attempt, done.token, done.crashes) == (1, 1, 0)
    assert worker.process.poll() is None


def test_a_child_that_is_refused_memory_has_failed_its_attempt(start_worker, wait_for):
    start_worker().ready()
    done = wait_for(enqueue(Apart(what="hog"), attempts=1), State.FAILED, seconds=30)
    assert (done.cause, done.attempt, done.crashes, done.token) == ("attempts", 1, 0, 1)
    assert done.error_class == "MemoryError"
    assert "600 MB" in done.error_message


def test_a_cancelled_child_is_killed(start_worker, tmp_path):
    start_worker().ready()
    path = tmp_path / "pids"
    job = enqueue(Apart(what="loop", path=str(path)))
    pid = pid_in(path)
    control.cancel(job.pk)
    until(lambda: is_gone(pid), seconds=4, what="the child to be gone")
    assert Job.objects.get().state == "cancelled"


def test_a_child_does_not_outlive_its_worker(start_worker, tmp_path):
    worker = start_worker().ready()
    path = tmp_path / "pids"
    enqueue(Apart(what="loop", path=str(path)))
    pid = pid_in(path)
    worker.signal(signal.SIGKILL)
    until(lambda: is_gone(pid), seconds=4, what="the child to be gone")
