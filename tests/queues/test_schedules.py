from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from queues import schedules
from queues.audit import Door, acting_as
from queues.cron import Mark
from queues.models import AuditEntry, Job, Schedule
from queues.retry import Backoff
from queues.schedules import NoScheduleError, ScheduleError, upsert
from tests.jobs import Act, Unregistered
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")
START = datetime(2031, 3, 29, tzinfo=UTC)


def now():
    return datetime.now(UTC)


def verbs():
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def test_a_new_cadence_begins_at_once_and_a_cron_when_its_time_comes():
    cadence = upsert("cadence", ACT, every=3600)
    assert cadence.next_at == cadence.created_at
    cron = upsert("cron", ACT, cron="0 * * * *")
    assert (cron.next_at.minute, cron.next_at > now()) == (0, True)
    assert Schedule.objects.get(name="cron").next_at == cron.next_at


def test_a_cadence_that_starts_later_is_anchored_there():
    schedule = upsert("later", ACT, every=90, starts_at=START, limit=3)
    runs = [run.at for run in schedules.next_runs(schedule)]
    assert runs == [START, START + timedelta(seconds=90), START + timedelta(seconds=180)]


def test_an_upsert_that_changes_nothing_writes_nothing():
    options = {"backoff": Backoff(delay=5), "keep_completed": True, "priority": 3, "timeout": None}
    facts = {"cron": "*/5  * * * *", "time_zone": "Europe/Berlin", "starts_at": START}
    upsert("same", ACT, options=options, **facts)
    before = Schedule.objects.values().get()
    upsert("same", ACT, options=options, **facts)
    assert Schedule.objects.values().get() == before
    assert verbs() == ["create-schedule"]


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"every": 7200}, True),
        ({"starts_at": START}, True),
        ({"limit": 2}, True),
        ({"overlap": "allow"}, False),
        ({"misfire": "skip"}, False),
        ({"jitter": 5}, False),
        ({"options": {"priority": 1}}, False),
    ],
)
def test_an_edit_takes_effect_at_once_and_moves_the_next_tick_only_if_it_must(change, moves):
    upsert("edited", ACT, every=3600)
    due = now() - timedelta(seconds=5)
    Schedule.objects.update(next_at=due, last_error="odd", retry_at=START)
    edited = upsert("edited", ACT, **{"every": 3600, **change})
    assert (edited.next_at > now()) if moves else (edited.next_at == due)
    assert Schedule.objects.filter(next_at=edited.next_at, last_error="", retry_at=None).exists()


def test_what_was_changed_and_by_whom_is_in_the_audit():
    upsert("watched", ACT, every=60, starts_at=START)
    with acting_as("anna", Door.ADMIN, "too often"):
        upsert("watched", ACT, every=120, starts_at=None)
    entry = AuditEntry.objects.first()
    assert (entry.actor, entry.verb, entry.target) == (
        "anna",
        "change-schedule",
        {"schedule": "watched"},
    )
    assert entry.before == {"every_seconds": 60, "starts_at": START.isoformat()}
    assert entry.after == {"every_seconds": 120, "starts_at": None}


def test_what_an_operator_disabled_stays_disabled_when_code_upserts_it_again():
    upsert("off", ACT, every=60)
    assert schedules.disable("off").next_at is None
    assert upsert("off", ACT, every=30).is_enabled is False
    assert Schedule.objects.get().next_at is None
    assert upsert("off", ACT, every=30, enabled=True).next_at is not None


def test_enabling_goes_on_from_now_and_says_so_once():
    upsert("again", ACT, every=3600, enabled=False)
    assert schedules.enable("again").next_at > now()
    schedules.enable("again")
    schedules.disable("again")
    schedules.disable("again")
    assert verbs() == ["create-schedule", "enable-schedule", "disable-schedule"]


def test_removing_leaves_the_jobs():
    upsert("gone", ACT, every=60)
    job = schedules.run_now("gone")
    schedules.remove("gone")
    assert not Schedule.objects.exists()
    assert Job.objects.filter(pk=job.pk, state="waiting").exists()
    assert verbs() == ["create-schedule", "run-schedule", "remove-schedule"]


def test_running_now_makes_a_job_and_moves_no_tick():
    schedule = upsert("now", ACT, every=60, enabled=False, options={"priority": 9})
    job = schedules.run_now("now")
    assert (job.schedule_id, job.priority, job.state) == (schedule.pk, 9, "waiting")
    after = Schedule.objects.get()
    assert (after.ticks, after.next_at, after.last_job_id) == (0, None, job.pk)


@pytest.mark.parametrize("verb", ["enable", "disable", "remove", "run_now"])
@pytest.mark.parametrize("name", ["nobody", "", "a\x00b", None])
def test_an_unknown_name_is_said(verb, name):
    with pytest.raises(ScheduleError, match=r"name:") as caught:
        getattr(schedules, verb)(name)
    assert isinstance(caught.value, NoScheduleError) == (name == "nobody")


@pytest.mark.parametrize(
    ("facts", "field", "says"),
    [
        ({"cron": ""}, "cron", "allowed: one of them"),
        ({"cron": "* * * * *", "every": 5}, "every", "allowed: one of them"),
        ({"cron": "0 25 * * *"}, "cron", "hour is '25'"),
        ({"cron": ["x"]}, "cron", "allowed: text"),
        ({"every": 0}, "every", "allowed: whole seconds"),
        ({"time_zone": "Mars"}, "time_zone", "such as UTC"),
        ({"time_zone": []}, "time_zone", "such as UTC"),
        ({"overlap": "maybe"}, "overlap", "allowed: allow, skip, replace"),
        ({"misfire": 3}, "misfire", "allowed: skip, run-once"),
        ({"starts_at": datetime(2031, 1, 1)}, "starts_at", "with a time zone"),  # noqa: DTZ001
        ({"ends_at": "tomorrow"}, "ends_at", "with a time zone"),
        ({"ends_at": datetime.max.replace(tzinfo=UTC)}, "ends_at", "1970 to 2999"),
        ({"starts_at": START, "ends_at": START - timedelta(1)}, "ends_at", "a later moment"),
        ({"limit": 0}, "limit", "1 to 2147483647"),
        ({"jitter": -1}, "jitter", "0 to 604800"),
        ({"jitter": True}, "jitter", "a whole number"),
        ({"options": {"delay": 5}}, "options.delay", "is not allowed here"),
        ({"options": {"unique": "a"}}, "options.unique", "is not allowed here"),
        ({"options": {"priority": -1}}, "options.priority", "0 to 2097151"),
        ({"options": {"colour": "red"}}, "options.colour", "is no option"),
        ({"options": [1]}, "options", "by name"),
        ({"arguments": Unregistered()}, "kind", "No handler is registered"),
        ({"arguments": Act(what=5)}, "payload", "what is a int; allowed: str"),  # type: ignore[arg-type]
        ({"arguments": Act(what="a\x00")}, "payload", "NUL"),
        ({"arguments": None}, "arguments", "allowed: Arguments"),
        ({"name": ""}, "name", "text of 1 to 200"),
        ({"name": "x" * 201}, "name", "text of 1 to 200"),
    ],
)
def test_what_is_wrong_is_named_and_leaves_nothing(facts, field, says):
    given = {"name": "wrong", "arguments": ACT, "cron": "* * * * *", **facts}
    if "every" in facts and "cron" not in facts:
        given["cron"] = ""
    with pytest.raises(ScheduleError) as caught:
        upsert(given.pop("name"), given.pop("arguments"), **given)
    assert caught.value.field == field
    assert says in str(caught.value)
    assert not Schedule.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_is_rolled_back_was_never_there():
    with transaction.atomic():
        upsert("undone", ACT, every=60)
        transaction.set_rollback(True)
    assert not Schedule.objects.exists()
    assert not AuditEntry.objects.exists()


def test_fifty_upserts_at_the_same_moment_leave_one_row_and_one_next_tick():
    found = together(*[lambda: upsert("raced", ACT, every=60) for _ in range(50)])
    row = Schedule.objects.get()
    assert {(one.pk, one.next_at) for one in found} == {(row.pk, row.next_at)}
    assert verbs() == ["create-schedule"]


def test_upserts_that_differ_leave_one_of_them_whole():
    upsert("raced", ACT, every=60)
    texts = [str(n) for n in range(10)]
    edits = [
        lambda t=text: upsert("raced", Act(what="return", text=t), every=100 + int(t))
        for text in texts
    ]
    together(*edits)
    row = Schedule.objects.get()
    assert row.every_seconds == 100 + int(row.payload["text"])
    assert len(verbs()) == 1 + len(texts)


def test_upserting_and_removing_at_the_same_moment_is_one_after_the_other():
    for _ in range(10):
        upsert("raced", ACT, every=60)
        together(
            lambda: schedules.remove("raced"),
            lambda: upsert("raced", ACT, every=61),
            lambda: upsert("raced", ACT, every=62),
        )
        assert Schedule.objects.count() <= 1


def test_next_runs_show_what_the_clocks_do_and_end_with_the_schedule():
    schedule = upsert(
        "nightly",
        ACT,
        cron="30 2 * * *",
        time_zone="Europe/Berlin",
        starts_at=START,
        ends_at=START + timedelta(days=3),
    )
    assert [(f"{run.at:%d %H:%M}", run.mark) for run in schedules.next_runs(schedule)] == [
        ("29 01:30", Mark.NONE),
        ("30 01:00", Mark.MOVED),
        ("31 00:30", Mark.NONE),
    ]
    assert len(schedules.next_runs(schedule, 1)) == 1
    assert schedules.next_runs(schedules.disable("nightly")) == []
