"""A deploy as an operator lives it: real workers, a real long job, and payloads of two releases."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from queues.enqueue import enqueue
from queues.models import Job
from queues.states import State
from tests.deploy_jobs import Rename, RenameApart
from tests.jobs import QUEUE, lines
from tests.life_jobs import Await
from tests.processes import ROOT, environment
from tests.wait import until

pytestmark = pytest.mark.acceptance


def safe_to_stop(*arguments):
    command = [sys.executable, ROOT / "manage.py", "safe_to_stop", "--json", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def test_a_worker_with_a_long_job_is_not_safe_to_stop_until_that_has_ended(
    start_worker, tmp_path, wait_for
):
    start_worker("--name", "anna", QUEUE, CODE_VERSION="v7").ready()
    path = tmp_path / "ledger"
    job = enqueue(Await(path=str(path)))
    until(lambda: lines(path), what="the job to begin")
    assert safe_to_stop("--minutes", "60").returncode == 0
    answer = safe_to_stop("--minutes", "0", "--worker", "anna")
    assert answer.returncode == 1
    (found,) = json.loads(answer.stdout)["jobs"]
    assert (found["job_id"], found["worker"], found["code_version"]) == (job.pk, "anna", "v7")
    assert json.loads(answer.stdout)["versions"] == {"v7": 1}
    (tmp_path / "ledger.go").touch()
    assert wait_for(job, State.COMPLETED).code_version == "v7"
    assert safe_to_stop("--minutes", "0").returncode == 0


def test_a_worker_runs_older_payloads_and_leaves_newer_ones(start_worker, wait_for):
    older, newer = enqueue(RenameApart(instance="", limit=0)), enqueue(Rename(instance="", limit=0))
    Job.objects.filter(pk=older.pk).update(payload={"host": "a.example"}, payload_version=1)
    Job.objects.filter(pk=newer.pk).update(payload_version=4)
    start_worker(QUEUE).ready()
    assert wait_for(older, State.COMPLETED).result == "40 of a.example"
    left = wait_for(newer, State.DELAYED)
    assert (left.attempt, left.error_message) == (0, "")
