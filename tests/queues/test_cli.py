"""`manage.py queues`, called in this process: what it shows."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from queues import leases, metrics, queue_control
from queues.claims import claim_ids
from queues.enqueue import enqueue, enqueue_many
from queues.models import Job, Schedule
from tests.cli import as_json, failed_job, queues, refused
from tests.jobs import QUEUE, Act
from tests.unit_jobs import Owned

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")


def cells(line):
    return line.split()


def test_status_has_a_line_for_each_queue_with_all_that_matters():
    enqueue_many([ACT] * 3)
    Job.objects.update(run_at="2026-01-01T00:00Z")
    leases.register("one", {QUEUE: 4, "notifications": 2}, version="1")
    leases.register("two", {QUEUE: 5}, version="1")
    queue_control.pause("notifications")
    queue_control.set_cap(QUEUE, 7)
    for _ in range(600):
        metrics.count(QUEUE, ACT.kind, "completed")
    metrics.run_once()
    aggregation, notifications, _ = as_json("status")["queues"]
    assert aggregation["counts"]["waiting"] == 3
    assert (aggregation["workers"], aggregation["slots"], aggregation["cap"]) == (2, 9, 7)
    assert aggregation["oldestWaitingSeconds"] > 86_400
    assert 100 <= aggregation["completedPerMinute"] <= 120
    assert notifications["pausedAt"]
    assert notifications["oldestWaitingSeconds"] is None
    lines = queues("status").splitlines()
    assert cells(lines[1])[:3] == [QUEUE, "3", "0"]
    assert cells(lines[6])[:5] == [QUEUE, "open,", "cap", "7", "2"]
    assert cells(lines[7])[:4] == ["notifications", "paused", "1", "2"]


def test_jobs_are_found_by_the_words_of_a_filter_newest_first():
    ids = enqueue_many([ACT] * 3)
    mine = enqueue(Owned(user="7"), delay=60)
    assert [job["id"] for job in as_json("jobs")["jobs"]] == [mine.pk, *reversed(ids)]
    found = as_json("jobs", "owner=7", "state=delayed,waiting")
    assert [job["name"] for job in found["jobs"]] == ["for 7"]
    limited = as_json("jobs", f"queue={QUEUE}", "--limit", 2)
    assert (len(limited["jobs"]), limited["count"]) == (2, 4)
    assert [job["id"] for job in as_json("jobs", "--before", ids[1])["jobs"]] == [ids[0]]
    assert queues("jobs", "owner=nobody") == "No job fits.\n"
    assert queues("jobs", "owner=7").splitlines()[-1] == "1 of 1 job."
    assert "in 59 s" in queues("jobs", "owner=7")


def test_a_job_is_shown_with_its_attempts_and_log_and_why_it_is_where_it_is():
    job = failed_job(message="no\x1b[31m luck", traceback="Traceback:\n  in \x1b[2Jhandler")
    job.log_lines.create(token=1, text="Half of it is done.")
    out = queues("show", job.pk)
    assert out.startswith("Failed (the handler gave up): no\ufffd[31m luck\n")
    assert "Half of it is done." in out
    assert "handler" not in out.replace("the handler", "")
    assert "  in \ufffd[2Jhandler\n" in queues("show", job.pk, "--traceback")
    data = as_json("show", job.pk)
    assert (data["state"], data["attempts"][0]["outcome"]) == ("failed", "failed")
    assert data["log"][0]["text"] == "Half of it is done."
    assert data["explanation"].startswith("Failed")


def test_a_waiting_job_is_explained():
    job = enqueue(ACT)
    sentence = f"Waiting: no live worker listens on {QUEUE}."
    assert queues("explain", job.pk) == f"{sentence}\n"
    assert as_json("explain", job.pk) == {
        "id": job.pk, "state": "waiting", "explanation": sentence,
    }  # fmt: skip


def test_workers_are_listed_with_what_they_run():
    assert queues("workers") == "No worker is there.\n"
    worker_id = leases.register("one", {QUEUE: 4}, version="v7")
    claim_ids(worker_id, [enqueue(ACT).pk], [QUEUE])
    (one,) = as_json("workers")["workers"]
    assert (one["name"], one["version"], one["slots"]) == ("one", "v7", {QUEUE: 4})
    assert (one["running"], one["isLive"]) == (1, True)
    assert queues("workers").splitlines()[1].split()[-3:] == ["1", "now", "alive"]


def test_schedules_are_listed():
    assert queues("schedules") == "There is no schedule.\n"
    Schedule.objects.create(name="nightly", kind="k", cron="0 3 * * *", next_at=Now())
    (one,) = as_json("schedules")["schedules"]
    assert (one["name"], one["cron"], one["isEnabled"]) == ("nightly", "0 3 * * *", True)
    assert "nightly  k     0 3 * * *" in queues("schedules")


def test_tables_fit_into_eighty_columns_whatever_jobs_are_called():
    failed_job(message="very " * 100)
    enqueue(Owned(user="日本" * 30))
    for words in (["status"], ["jobs"], ["workers"], ["limits"]):
        assert max(map(len, queues(*words).splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["jobs", "colour=red"], "'colour' is no word of a filter; allowed: queue, state"),
        (["jobs", "failed"], "'failed' is no part of a filter; allowed: word=value"),
        (["jobs", "state=odd"], "state is 'odd'; allowed: waiting"),
        (["jobs", "state=failed", "state=active"], "state is there twice"),
        (["jobs", "owner="], "owner is ''"),
        (["jobs", "--limit", "0"], "--limit is 0; allowed: 1 to 1000."),
        (["jobs", "ids=1,x"], "ids is 'x'"),
        (["show", "x"], "'x' is no id; allowed: a whole number."),
        (["show", "9" * 30], "is no id"),
        (["show", "-1"], "is no id"),
        (["explain", "\u0663"], "is no id"),
        (["events", "--for", "-1"], "--for is -1; allowed: 0 to 86400 seconds."),
        (["events", "--for", "nan"], "--for is nan; allowed"),
    ],
)
def test_words_that_make_no_command_are_named(words, says):
    message, code = refused(*words)
    assert says in message
    assert code == 2


def test_what_is_not_there_is_said():
    assert refused("show", 999) == ("There is no job 999.", 1)
    assert refused("explain", 999) == ("There is no job 999.", 1)
    assert as_json("jobs", "--before", 10**30)["jobs"] == []
