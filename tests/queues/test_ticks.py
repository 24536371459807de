from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from queues import schedule_checks, schedules
from queues.arguments import Arguments
from queues.maintenance import ticks
from queues.models import Job, Schedule
from queues.registry import handles
from queues.schedules import upsert
from queues.transport import hints
from tests.jobs import QUEUE, Act
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")


@dataclass(frozen=True, kw_only=True)
class Moody(Arguments):
    """A kind whose own code works only when it likes to."""

    kind: ClassVar[str] = "tests.moody"
    well: ClassVar[bool] = True

    @property
    def limit_key(self) -> str:
        if not self.well:
            raise RuntimeError("not today\x00\ud800")
        return ""


@handles(Moody, queue=QUEUE)
def moody(arguments, context):
    return None


def due(name="due", arguments=ACT, *, ago=1.0, every=3600, **facts):
    """Make a schedule whose tick was due some seconds ago, and return it."""
    upsert(name, arguments, every=every, **facts)
    late = timedelta(seconds=ago)
    Schedule.objects.filter(name=name).update(created_at=Now() - late, next_at=Now() - late)
    return Schedule.objects.get(name=name)


def row(name="due"):
    return Schedule.objects.get(name=name)


def test_a_due_tick_makes_one_job_and_sets_the_next():
    before = due(options={"priority": 4})
    assert ticks.run_once() == 1
    job, after = Job.objects.get(), row()
    assert (job.state, job.priority, job.schedule_id) == ("waiting", 4, before.pk)
    assert hints.pop({QUEUE: 5}) == [job.pk]
    assert (after.last_at, after.last_job_id, after.ticks) == (before.next_at, job.pk, 1)
    assert after.next_at == before.next_at + timedelta(hours=1)
    assert ticks.run_once() == 0


def test_what_is_not_due_or_disabled_makes_none():
    upsert("later", ACT, every=60, starts_at=datetime(2031, 1, 1, tzinfo=UTC))
    due("off")
    schedules.disable("off")
    assert ticks.run_once() == 0


def test_workers_that_look_at_the_same_moment_make_one_job():
    for turn in range(5):
        due(f"raced-{turn}")
        assert sum(together(*[ticks.run_once] * 8)) == 1
    assert Job.objects.count() == 5


def test_many_schedules_are_shared_out_and_each_ticks_once():
    for number in range(20):
        due(f"many-{number}")
    assert sum(together(*[ticks.run_once] * 4)) == 20
    assert set(Schedule.objects.values_list("ticks", flat=True)) == {1}


def test_a_tick_that_is_not_committed_was_never_made():
    before = due()
    with transaction.atomic():
        assert ticks.run_once() == 1
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert row().next_at == before.next_at
    assert hints.pop({QUEUE: 5}) == []
    assert ticks.run_once() == 1


def test_an_edit_and_a_tick_at_the_same_moment_are_one_after_the_other():
    for _ in range(10):
        due(every=3600)
        together(ticks.run_once, lambda: upsert("due", ACT, every=7200))
        after = row()
        assert after.every_seconds == 7200
        assert after.next_at > after.created_at
        assert (after.next_at - after.created_at) % timedelta(seconds=7200) == timedelta(0)
        schedules.remove("due")


def test_ticks_of_a_short_outage_are_all_made():
    due(every=10, ago=35, overlap="allow")
    assert ticks.run_once() == 4
    assert ticks.run_once() == 0
    assert (row().ticks, row().skipped) == (4, 0)


@pytest.mark.parametrize(("misfire", "made"), [("run-once", 1), ("skip", 0)])
def test_ticks_of_a_long_outage_are_one_job_or_none(misfire, made):
    before = due(every=10, ago=3605, misfire=misfire, overlap="allow")
    assert ticks.run_once() == made
    assert ticks.run_once() == 0
    after = row()
    assert (after.ticks, after.skipped, after.last_at) == (made, 1 - made, before.next_at)
    assert after.next_at == before.next_at + timedelta(seconds=3610)


def again():
    Schedule.objects.update(next_at=F("next_at") - timedelta(hours=1))
    return ticks.run_once()


@pytest.mark.parametrize(
    ("overlap", "states", "counts"),
    [
        ("allow", ["waiting", "waiting"], (2, 0)),
        ("skip", ["waiting"], (1, 1)),
        ("replace", ["cancelled", "waiting"], (2, 0)),
    ],
)
def test_overlap_says_what_an_unfinished_job_means(overlap, states, counts):
    due(overlap=overlap)
    ticks.run_once()
    again()
    assert list(Job.objects.order_by("id").values_list("state", flat=True)) == states
    assert (row().ticks, row().skipped) == counts


@pytest.mark.parametrize("overlap", ["skip", "replace"])
def test_a_finished_job_is_no_overlap(overlap):
    due(overlap=overlap)
    ticks.run_once()
    Job.objects.update(state="failed", finished_at=Now())
    assert again() == 1
    assert list(Job.objects.order_by("id").values_list("state", flat=True)) == ["failed", "waiting"]


def test_jobs_of_another_schedule_are_no_overlap():
    due("one")
    due("other")
    assert ticks.run_once() == 2


def test_a_job_that_was_run_by_hand_is_an_overlap():
    due()
    schedules.run_now("due")
    assert ticks.run_once() == 0
    assert row().skipped == 1


def test_jitter_delays_the_job_and_not_the_tick():
    before = due(jitter=3600, overlap="allow", every=1, ago=8.5)
    ticks.run_once()
    jobs = Job.objects.all()
    delays = [(job.run_at - job.created_at).total_seconds() for job in jobs]
    assert all(0 <= delay <= 3600 for delay in delays)
    assert len(set(delays)) == len(delays) == 9
    assert {job.state for job in jobs} == {"delayed"}
    assert (row().next_at - before.next_at) % timedelta(seconds=1) == timedelta(0)


def test_a_limit_is_the_number_of_jobs():
    due(every=1, ago=20, limit=3, overlap="allow")
    assert ticks.run_once() == 3
    assert (row().ticks, row().next_at) == (3, None)
    upsert("due", ACT, every=1, limit=4, overlap="allow")
    assert row().next_at is not None


def test_there_is_no_tick_after_the_end():
    ends_at = datetime.now(UTC) - timedelta(seconds=5)
    due(every=10, ago=20, overlap="allow", ends_at=ends_at)
    assert ticks.run_once() == 2
    assert row().next_at is None


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"payload": {"odd": 1}}, "payload: 'odd' is no field"),
        ({"payload": [1]}, "payload: The payload is a list"),
        ({"options": {"priority": -1}}, "options.priority: is -1"),
        ({"options": "none"}, "options: are 'none'"),
        ({"time_zone": "Mars", "cron": "* * * * *", "every_seconds": None}, "time_zone: is 'Mars'"),
        ({"cron": "soon", "every_seconds": None}, "cron: has 1 fields"),
    ],
)
def test_a_schedule_that_cannot_tick_keeps_its_tick_says_why_and_stops_no_other(broken, says):
    before = due("broken", ago=10)
    Schedule.objects.update(**broken)
    due("well")
    assert ticks.run_once() == 1
    assert Job.objects.get().schedule_id == row("well").pk
    after = row("broken")
    assert after.last_error.startswith(says)
    assert (after.next_at, after.ticks, after.skipped) == (before.next_at, 0, 0)
    assert ticks.run_once() == 0


def test_it_is_tried_again_after_a_while_and_at_once_when_it_is_edited(monkeypatch):
    due(arguments=Moody())
    monkeypatch.setattr(Moody, "well", False)
    assert ticks.run_once() == 0
    assert row().last_error == "payload: RuntimeError: not today\N{REPLACEMENT CHARACTER}?"
    monkeypatch.setattr(Moody, "well", True)
    assert ticks.run_once() == 0
    Schedule.objects.update(retry_at=Now())
    assert ticks.run_once() == 1
    assert (row().last_error, row().retry_at) == ("", None)


def test_a_kind_that_is_unknown_here_is_left_to_others_and_said_once_it_is_overdue():
    due(ago=50)
    Schedule.objects.update(kind="tests.of-another-version")
    assert (ticks.run_once(), ticks.note_strangers(), row().last_error) == (0, 0, "")
    Schedule.objects.update(next_at=Now() - timedelta(seconds=61))
    assert (ticks.run_once(), ticks.note_strangers(), ticks.note_strangers()) == (0, 1, 0)
    assert row().last_error == ticks.STRANGER
    Schedule.objects.update(kind=Act.kind)
    assert (ticks.run_once(), row().last_error) == (1, "")


def test_a_tick_that_was_missed_is_a_warning_and_one_that_was_not_is_none():
    due("late", ago=360)
    due("soon", ago=200)
    Schedule.objects.filter(name="late").update(last_error="payload: is odd.")
    (warning,) = schedule_checks.missed_ticks(databases=["default"])
    assert warning.id == "queues.W003"
    assert "'late' should have ticked at" in warning.msg
    assert warning.msg.endswith("payload: is odd.")
    schedules.disable("late")
    assert schedule_checks.missed_ticks(databases=["default"]) == []
    assert schedule_checks.missed_ticks() == []
