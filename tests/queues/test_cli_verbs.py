"""`manage.py queues`, called in this process: what it does, and what it asks about first."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from queues import schedules
from queues.cli.subcommands import SUBCOMMANDS
from queues.enqueue import enqueue, enqueue_many
from queues.models import AuditEntry, Job, Limit, Operation, QueueControl, Schedule
from queues.operations import QUEUE_VERBS
from queues.states import State
from tests.cli import as_json, failed_job, queues, refused
from tests.jobs import QUEUE, Act
from tests.operating import carry_out, jobs_in

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")


def states():
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


def test_verbs_are_done_to_ids_at_once():
    first, second = enqueue_many([(ACT, {"delay": 60})] * 2)
    assert queues("promote", first, second) == f"Job {first} waits now.\nJob {second} waits now.\n"
    assert as_json("cancel", first, first) == {"verb": "cancel", "done": [first], "refused": []}
    assert states() == ["cancelled", "waiting"]
    queues("priority", second, "--to", 7)
    assert Job.objects.get(pk=second).priority == 7
    queues("remove", second)
    assert states() == ["cancelled"]


def test_a_retry_gives_all_attempts_or_one_more():
    job = failed_job()
    queues("retry", job.pk, "--once")
    assert Job.objects.get(pk=job.pk).attempt == 1
    queues("cancel", job.pk)
    queues("retry", job.pk)
    assert Job.objects.get(pk=job.pk).attempt == 0


def test_what_was_refused_is_told_and_the_rest_is_done():
    waiting, job = enqueue(ACT), failed_job()
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("queues", "retry", str(waiting.pk), str(job.pk), "999", "--json", stdout=out)
    says = f"Job {waiting.pk} is waiting; allowed: completed, failed, cancelled."
    assert str(caught.value) == f"{says}\nThere is no job 999."
    assert caught.value.returncode == 1
    told = json.loads(out.getvalue())
    assert told["done"] == [job.pk]
    assert [one["id"] for one in told["refused"]] == [waiting.pk, 999]


def test_a_filter_is_not_taken_at_its_word_where_nobody_can_be_asked():
    enqueue_many([ACT] * 2)
    message, code = refused("cancel", "state=waiting")
    says = "cancel: 2 jobs (2 waiting). Nothing is done; say --yes to do it."
    assert (message, code) == (says, 1)
    assert "cancel: 2 jobs (2 waiting)." in queues("cancel", "state=waiting", "--dry-run")
    assert as_json("cancel", "state=waiting", "--dry-run")["count"] == 2
    assert "cancel: 1 job (1 waiting)." in queues("cancel", Job.objects.first().pk, "--dry-run")
    assert states() == ["waiting", "waiting"]


def test_a_filter_is_done_to_all_its_jobs_by_an_operation():
    jobs_in(State.DELAYED, State.DELAYED, State.WAITING, State.COMPLETED)
    words = "cancel: 3 jobs (1 completed, 2 delayed). 1 of them will be passed over."
    assert words in queues("cancel", "state=delayed,completed", "--dry-run")
    told = as_json("cancel", "state=delayed", "--yes", "--reason", "Too old.")["operation"]
    operation = Operation.objects.get(pk=told["id"])
    assert (operation.verb, operation.reason, operation.door) == ("cancel", "Too old.", "CLI")
    assert (told["state"], told["total"]) == ("running", 2)
    assert carry_out(operation).done == 2
    (listed,) = as_json("operations")["operations"]
    assert (listed["state"], listed["done"]) == ("done", 2)
    assert "Operation" in queues("operations", "undo", operation.pk)
    assert refused("operations", "stop", operation.pk) == (
        f"Operation {operation.pk} is done; allowed: running.", 1,
    )  # fmt: skip
    assert refused("operations", "undo", 999) == ("There is no operation 999.", 1)
    assert refused("operations", "undo", "x")[1] == 2
    assert refused("operations", "stop")[1] == 2


def test_the_value_and_the_words_of_a_verb_must_fit():
    job = enqueue(ACT)
    told = as_json("priority", "state=waiting", "--to", 7, "--yes")["operation"]
    assert told["value"] == 7
    assert refused("priority", job.pk, "--to", "x")[0] == "--to is 'x'; allowed: a whole number."
    assert "value is" in refused("priority", "state=waiting", "--to", 10**9, "--yes")[0]
    assert refused("retry", "state=failed", "--once", "--yes")[1] == 2


def test_every_job_must_be_meant():
    enqueue(ACT)
    assert "required: WORD" in refused("cancel")[0]
    assert refused("cancel", "all=no", "--yes")[1] == 2
    assert as_json("cancel", "all=yes", "--yes")["operation"]["total"] == 1


def test_queues_are_paused_and_resumed():
    out = StringIO()
    with pytest.raises(CommandError, match="queue is 'mail'; allowed: content-aggregation"):
        call_command("queues", "pause", QUEUE, "mail", "notifications", stdout=out)
    assert out.getvalue() == f"{QUEUE} is paused.\nnotifications is paused.\n"
    assert queues("resume", QUEUE) == f"{QUEUE} goes on.\n"
    paused = QueueControl.objects.filter(paused_at__isnull=False)
    assert [control.name for control in paused] == ["notifications"]


def test_draining_is_asked_about_and_counts_what_it_deletes():
    enqueue_many([ACT, ACT, (ACT, {"delay": 60})])
    assert "2 jobs of content-aggregation (waiting) will be" in queues("drain", QUEUE, "--dry-run")
    message, code = refused("drain", QUEUE, "--delayed")
    assert message.startswith("3 jobs of content-aggregation (waiting or delayed) will be deleted.")
    assert (code, len(states())) == (1, 3)
    assert as_json("drain", QUEUE, "--yes")["count"] == 2
    assert states() == ["delayed"]


def test_cleaning_deletes_the_oldest_of_a_state():
    for hours in (0, 2, 3):
        job = failed_job()
        Job.objects.filter(pk=job.pk).update(finished_at=Now() - timedelta(hours=hours))
    words = ["clean", QUEUE, "failed", "--older-than", "1h"]
    assert as_json(*words, "--dry-run")["count"] == 2
    assert as_json(*words, "--limit", 1, "--yes")["count"] == 1
    assert as_json(*words, "--yes")["count"] == 1
    assert "invalid choice: 'active'" in refused("clean", QUEUE, "active")[0]
    assert refused("clean", QUEUE, "failed", "--older-than", "soon")[1] == 2
    assert refused("clean", QUEUE, "failed", "--limit", 0)[1] == 2
    assert "queue is 'mail'" in refused("clean", "mail", "failed")[0]


def test_queues_are_sized_and_paced():
    assert queues("cap", QUEUE, "20") == f"{QUEUE} has the cap 20.\n"
    queues("slots", QUEUE, "8")
    queues("rate", QUEUE, "300/60")
    told = as_json("fair", QUEUE)
    assert told == {"verb": "fair", "queues": [QUEUE], "refused": []}
    names = ("cap", "slots", "rate", "per_seconds", "is_fair")
    assert QueueControl.objects.values_list(*names).get() == (20, 8, 300, 60, True)
    for verb in ("cap", "slots", "rate"):
        queues(verb, QUEUE, "none")
    queues("first-come", QUEUE)
    assert QueueControl.objects.values_list(*names).get() == (None, None, None, None, False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cap", QUEUE, "many"], "cap is 'many'; allowed: a whole number"),
        (["cap", QUEUE, "0"], "cap is 0; allowed: 1 to"),
        (["rate", QUEUE, "300"], "allowed: such as 300/60"),
        (["slots", "mail", "8"], "queue is 'mail'"),
    ],
)
def test_sizes_that_cannot_be_are_refused(words, says):
    message, code = refused(*words)
    assert (says in message, code) == (True, 1)
    assert not QueueControl.objects.exists()


def test_every_verb_for_queues_is_a_subcommand():
    assert set(QUEUE_VERBS) <= set(SUBCOMMANDS)


def test_limits_are_set_listed_and_removed():
    enqueue_many([(ACT, {"limit_key": "host:a"})] * 3)
    assert "There is no limit." in queues("limits")
    queues("limits", "set", "host:*", "--concurrency", 4, "--rate", "300/60")
    told = as_json("limits")
    assert told["limits"] == [
        {"key": "host:*", "concurrency": 4, "rate": 300, "perSeconds": 60.0}
    ]  # fmt: skip
    assert [(key["key"], key["active"], key["waiting"]) for key in told["keys"]] == [
        ("host:a", 0, 3)
    ]
    assert "300 in 60 s" in queues("limits")
    queues("limits", "remove", "host:*")
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["set"], "KEY is missing"),
        (["set", "k"], "nothing to set"),
        (["set", "k", "--rate", "3"], "allowed: such as 300/60"),
        (["set", "k", "--concurrency", "0"], "concurrency is 0; allowed: 1 to 1000000"),
        (["set", "k", "--rate", "1/0"], "per is 0"),
        (["close", "k"], "--seconds is missing"),
        (["set", "", "--concurrency", "1"], "key is ''"),
        (["set", "k\x00", "--concurrency", "1"], "key is"),
        (["remove", "k"], "There is no limit 'k'"),
    ],
)
def test_limits_that_cannot_be_are_refused(words, says):
    assert says in refused("limits", *words)[0]
    assert not Limit.objects.exists()


def test_schedules_are_switched_and_run():
    schedules.upsert("nightly", ACT, every=3600)
    assert queues("schedules", "disable", "nightly") == "nightly is disabled.\n"
    assert not Schedule.objects.get().is_enabled
    assert "is enabled; its next tick is" in queues("schedules", "enable", "nightly")
    told = as_json("schedules", "run", "nightly")
    assert told == {"name": "nightly", "jobId": Job.objects.get().pk}
    verbs = AuditEntry.objects.filter(door="CLI").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["disable-schedule", "enable-schedule", "run-schedule"]


@pytest.mark.parametrize("verb", ["enable", "disable", "run"])
def test_a_schedule_that_is_not_there_is_refused(verb):
    message, code = refused("schedules", verb, "odd")
    assert ("'odd'; allowed: that of a schedule" in message, code) == (True, 1)
    assert refused("schedules", verb, "x\x00")[1] == 1
    assert refused("schedules", verb) == (
        f"NAME is missing; allowed: schedules {verb} NAME.", 2,
    )  # fmt: skip


def test_verbs_are_of_whoever_is_logged_in_and_say_why(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    queues("limits", "set", "k", "--concurrency", 1, "--reason", "Be gentle.")
    queues("pause", QUEUE, "--reason", "Be gentle.")
    entries = AuditEntry.objects.order_by("pk").values_list("verb", "actor", "door", "reason")
    who = ("ada", "CLI", "Be gentle.")
    assert list(entries) == [("set-limit", *who), ("pause", *who)]
