"""What has run for long, which code runs where, and what is said before workers are stopped."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from queues import leases
from queues.claims import claim_ids
from queues.deploys import DeployError, long_running, versions_in_use
from queues.enqueue import enqueue
from queues.models import Job, Worker
from tests.jobs import QUEUE, Act

pytestmark = pytest.mark.django_db


def running(minutes, *, worker="one", version="v1"):
    """A job that has run for so many minutes."""
    job = enqueue(Act(what="return"))
    worker_id = leases.register(worker, {QUEUE: 1}, version=version)
    claim_ids(worker_id, [job.pk], [QUEUE])
    Job.objects.filter(pk=job.pk).update(started_at=Now() - timedelta(minutes=minutes))
    return job.pk


def ids(*args, **kwargs):
    return [one.job_id for one in long_running(*args, **kwargs)]


def test_the_longest_come_first_and_what_began_lately_is_not_among_them():
    short, long, longest = running(4.9), running(5.1), running(60)
    waiting = enqueue(Act(what="return"))
    Job.objects.filter(pk=waiting.pk).update(started_at=Now() - timedelta(hours=9))
    assert ids(5) == [longest, long]
    assert ids(0) == [longest, long, short]


def test_a_long_run_says_where_it_is_and_with_which_code():
    job_id = running(7, worker="anna", version="2026-11-24")
    host = Worker.objects.get().host
    (found,) = long_running(5)
    assert (found.job_id, found.kind, found.worker) == (job_id, "tests.act", "anna")
    assert (found.host, found.code_version) == (host, "2026-11-24")
    assert found.started_at == Job.objects.get().started_at


def test_one_workers_jobs_are_asked_for_by_its_name():
    mine = running(7, worker="anna")
    running(8, worker="berta")
    assert ids(5, worker="anna") == [mine]
    with pytest.raises(DeployError, match="worker is 'anne'; allowed: anna, berta"):
        long_running(5, worker="anne")
    Worker.objects.update(expires_at=Now())
    with pytest.raises(DeployError, match="none is alive"):
        long_running(5, worker="anna")


def test_a_job_whose_worker_is_gone_is_listed_all_the_same():
    job_id = running(7)
    Worker.objects.all()._raw_delete("default")
    (found,) = long_running(5)
    assert (found.job_id, found.worker, found.host) == (job_id, "", "")


@pytest.mark.parametrize("minutes", [-1, 1441, float("nan"), float("inf")])
def test_minutes_are_in_a_range(minutes):
    with pytest.raises(DeployError, match=r"minutes is .*; allowed: 0 to 1440"):
        long_running(minutes)


def test_versions_are_those_of_live_workers():
    for name, version in (("a", "v1"), ("b", "v2"), ("c", "v2"), ("dead", "v0")):
        leases.register(name, {QUEUE: 1}, version=version)
    Worker.objects.filter(name="dead").update(expires_at=Now())
    assert versions_in_use() == {"v1": 1, "v2": 2}


def ask(*args):
    """What the command prints, and how it ends."""
    out = StringIO()
    try:
        call_command("safe_to_stop", *args, stdout=out)
    except CommandError as error:
        return out.getvalue(), (error.returncode, str(error))
    return out.getvalue(), (0, "")


def test_it_is_safe_when_nothing_runs_for_long():
    running(4, version="v1")
    text, ending = ask()
    assert text == "Nothing has run for that long.\nLive workers with version v1: 1\n"
    assert ending == (0, "")
    assert ask("--minutes", "3")[1][0] == 1


def test_it_is_not_safe_while_a_job_runs_and_a_table_says_which():
    job_id = running(7, worker="anna", version="")
    text, ending = ask("--minutes", "5")
    _head, row, last = text.splitlines()
    assert row.split()[:3] == [str(job_id), "tests.act", "anna"]
    assert row.split()[-1] == "unknown"
    assert last == "Live workers with version unknown: 1"
    assert ending == (1, "1 jobs have run for more than 5 minutes.")


def test_a_machine_is_told_the_same():
    job_id = running(7, worker="anna", version="v1")
    text, ending = ask("--json")
    found = json.loads(text)
    (job,) = found["jobs"]
    assert (found["is_safe"], found["versions"]) == (False, {"v1": 1})
    assert (job["job_id"], job["worker"], job["code_version"]) == (job_id, "anna", "v1")
    assert job["started_at"] == Job.objects.get().started_at.isoformat()
    assert ending[0] == 1
    text, ending = ask("--json", "--minutes", "30")
    assert json.loads(text) == {"is_safe": True, "jobs": [], "versions": {"v1": 1}}
    assert ending[0] == 0


@pytest.mark.parametrize("args", [["--minutes", "-1"], ["--minutes", "nan"], ["--worker", "x"]])
def test_a_wrong_question_is_neither_yes_nor_no(args):
    assert ask(*args)[1][0] == 2
