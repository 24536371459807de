from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from queues import control
from queues.enqueue import EnqueueError, enqueue, enqueue_many
from queues.maintenance import promote
from queues.models import Job
from queues.transport import hints
from tests.jobs import QUEUE, Act, Notify

pytestmark = pytest.mark.django_db(transaction=True)
FREE = {QUEUE: 20_000, "notifications": 10}


def acts(number):
    return [Act(what="return", text=str(n)) for n in range(number)]


def test_ten_thousand_go_in_with_one_statement_in_their_order():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ids = enqueue_many(acts(10_000))
    assert len(queries) == 1
    assert ids == sorted(ids)
    found = dict(Job.objects.values_list("pk", "payload"))
    assert [found[id_]["text"] for id_ in ids] == [str(n) for n in range(10_000)]
    assert hints.pop(FREE) == ids


def test_each_item_has_its_own_options():
    ids = enqueue_many(
        [
            (Act(what="return"), {"priority": 5}),
            (Act(what="return"), {"delay": 60.5, "attempts": 9}),
            (Act(what="return"), {"front": True, "keep_completed": False}),
            Notify(path="/dev/null"),
        ]
    )
    low, later, front, mail = (Job.objects.get(pk=id_) for id_ in ids)
    assert (low.priority, later.state, later.max_attempts) == (5, "delayed", 9)
    assert (front.front, front.keep_completed) == (True, -1)
    assert (mail.queue, mail.max_attempts) == ("notifications", 2)
    assert hints.pop(FREE) == [front.pk, low.pk, mail.pk]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ((Act(what="return"), {"priority": -1}), "2.priority"),
        ((Act(what="return"), {"odd": 1}), "2.odd"),
        ((Act(what="return"), {"unique": "k"}), "2.unique"),
        (Act(what="a\x00"), "2.payload"),
    ],
)
def test_one_bad_item_is_named_and_none_goes_in(item, field):
    with pytest.raises(EnqueueError) as caught:
        enqueue_many([*acts(2), item, *acts(2)])
    assert caught.value.field == field
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "NULL", '"', "\\", '\\"', "{a,b}", "a, b", "é\n\t'%s%%(x)s", "}'; --"]
)
def test_odd_text_arrives_as_it_was(text):
    ids = enqueue_many([Act(what="return", text=text), Act(what=text)])
    found = dict(Job.objects.values_list("pk", "payload"))
    assert (found[ids[0]]["text"], found[ids[1]]["what"]) == (text, text)


def test_equal_options_of_other_types_are_not_taken_for_each_other():
    enqueue_many([(Act(what="return"), {"priority": 1})])
    with pytest.raises(EnqueueError, match=r"0\.priority: is True"):
        enqueue_many([(Act(what="return"), {"priority": True})])


def test_the_hour_that_a_clock_goes_through_twice_has_two_dates():
    twice = datetime(2030, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    dates = [twice, twice.replace(fold=1)]
    ids = enqueue_many([(Act(what="return"), {"run_at": date}) for date in dates])
    ids += [enqueue(Act(what="return"), run_at=date).pk for date in dates]
    first, second, third, fourth = (Job.objects.get(pk=id_).run_at for id_ in ids)
    assert second - first == fourth - third == timedelta(hours=1)


def test_more_than_ten_thousand_are_refused_and_none_is_fine():
    with pytest.raises(EnqueueError, match="items: are 10001; allowed: 10000"):
        enqueue_many(acts(10_001))
    assert enqueue_many([]) == []


def test_a_rollback_takes_all_of_them():
    with transaction.atomic():
        enqueue_many(acts(5))
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert hints.pop(FREE) == []


def test_a_date_is_kept_as_it_is_and_waits_to_be_promoted():
    when = datetime.now(UTC) + timedelta(days=3)
    job = Job.objects.get(pk=enqueue(Act(what="return"), run_at=when).pk)
    assert (job.run_at, job.state) == (when, "delayed")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"run_at": datetime(2030, 1, 1)}, "run_at"),  # noqa: DTZ001  (naive on purpose)
        ({"run_at": "2030-01-01"}, "run_at"),
        ({"run_at": datetime(2030, 1, 1, tzinfo=UTC), "delay": 5}, "run_at"),
        ({"front": 1}, "front"),
    ],
)
def test_a_date_or_a_place_that_is_none_is_named(options, field):
    with pytest.raises(EnqueueError) as caught:
        enqueue(Act(what="return"), **options)
    assert caught.value.field == field


def test_a_job_at_the_front_is_served_first():
    plain = enqueue(Act(what="return"))
    front = enqueue(Act(what="return"), front=True, priority=9)
    assert hints.pop(FREE) == [front.pk, plain.pk]


def test_a_delayed_job_at_the_front_is_first_once_it_waits():
    by_duty = enqueue(Act(what="return"), front=True, delay=60)
    by_hand = enqueue(Act(what="return"), front=True, delay=60)
    plain = enqueue(Act(what="return"))
    Job.objects.filter(pk=by_duty.pk).update(run_at=Now() - timedelta(seconds=1))
    assert promote.run_once() == 1
    control.promote(by_hand.pk)
    assert hints.pop(FREE) == [by_hand.pk, by_duty.pk, plain.pk]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from([0, 60]), st.booleans(), st.text("ab", max_size=3)
        ),
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_many_at_once_are_the_same_rows_as_one_by_one(wanted):
    Job.objects.all().delete()
    items = [
        (Act(what="return", text=text), {"priority": priority, "delay": delay, "front": front})
        for priority, delay, front, text in wanted
    ]
    together = enqueue_many(items)
    alone = [enqueue(arguments, **options).pk for arguments, options in items]
    rows = {row["id"]: row for row in Job.objects.values()}
    times = {"id", "created_at", "run_at"}
    for one, other in zip(together, alone, strict=True):
        left, right = rows[one], rows[other]
        assert {k: left[k] for k in left.keys() - times} == {
            k: right[k] for k in right.keys() - times
        }
        waits = [row["run_at"] - row["created_at"] for row in (left, right)]
        assert abs(waits[0] - waits[1]) < timedelta(seconds=2)
