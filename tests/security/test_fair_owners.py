"""One user's thousands of jobs do not keep another user's one waiting."""

from __future__ import annotations

import pytest

from queues import control
from queues.enqueue import enqueue, enqueue_many
from queues.maintenance import promote
from queues.models import Job
from queues.transport import client
from tests.jobs import Mine, lines
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 2000
SLOTS = 16
# What runs already, what was taken together with it, and the second of a look in between.
SOON = SLOTS * 2 + 4


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "starts")


def jobs_of(user, path, count=MANY, first=0, **more):
    return [Mine(path=path, user=user, number=first + n, **more) for n in range(count)]


def starts_before(path, user):
    """Return how many jobs began before the first of a user's, once that has begun."""
    found = until(lambda: [n for n, line in enumerate(lines(path)) if line.split()[0] == user])
    return found[0]


@pytest.mark.parametrize("how", ["hints", "flushed"])
def test_a_users_job_begins_soon_while_thousands_of_anothers_wait(start_worker, path, how):
    enqueue_many(jobs_of("A", path, seconds=0.1))
    start_worker().ready()
    until(lambda: len(lines(path)) >= SLOTS, what="the first of A's")
    enqueue(Mine(path=path, user="B"))
    if how == "flushed":
        client.producer().flushdb()
    at_most = len(lines(path)) + SOON
    assert starts_before(path, "B") <= at_most < MANY


def test_it_does_not_help_to_delay_them(start_worker, path):
    enqueue_many([(one, {"delay": 0.001}) for one in jobs_of("A", path, seconds=0.1)])
    enqueue(Mine(path=path, user="B"), delay=0.002)
    until(lambda: promote.run_once() == 0 and not Job.objects.filter(state="delayed").exists())
    start_worker().ready()
    assert starts_before(path, "B") <= SOON


def test_nor_to_give_each_of_them_a_key_of_its_own(start_worker, path):
    """Of as many keys as a user may have, see `queues.api.making`."""
    keyed = [(one, {"limit_key": f"A:{one.number % 100}"}) for one in jobs_of("A", path)]
    enqueue_many(keyed)
    enqueue(Mine(path=path, user="B"), limit_key="B:1")
    start_worker().ready()
    assert starts_before(path, "B") <= SOON


def test_the_jobs_of_one_owner_keep_their_order(start_worker, path):
    enqueue_many(jobs_of("A", path, 50))
    for one in jobs_of("A", path, 10, first=50):
        enqueue(one)
    start_worker(SLOTS_CONTENT_AGGREGATION=1)
    written = until(lambda: lines(path) if len(lines(path)) == 60 else None)
    assert written == [f"A {n}" for n in range(60)]


def in_order():
    """Return whose jobs wait, in the order of service."""
    rows = Job.objects.filter(state="waiting").order_by("priority", "turn_at", "id")
    return "".join(rows.values_list("owner", flat=True))


def test_owners_who_come_together_are_served_in_turn(path):
    enqueue_many([*jobs_of("A", path, 3), *jobs_of("B", path, 3), *jobs_of("C", path, 3)])
    assert in_order() == "ABC" * 3


def test_who_comes_later_is_not_served_before_all_others_for_ever(path):
    enqueue_many(jobs_of("A", path, 3))
    enqueue_many(jobs_of("B", path, 3))
    assert in_order() == "ABABAB"


def test_due_jobs_and_retried_ones_take_turns_as_new_ones_do(path):
    enqueue_many([(one, {"delay": 0.001}) for one in jobs_of("A", path, 3)])
    mine = enqueue(Mine(path=path, user="B"), delay=0.001)
    until(lambda: promote.run_once() + Job.objects.filter(state="waiting").count() >= 4)
    assert in_order() == "ABAA"
    control.cancel(mine.pk)
    control.retry(mine.pk)
    assert in_order() == "ABAA"


def test_jobs_that_are_nobodys_keep_the_order_in_which_they_were_due(path):
    enqueue_many([Mine(path=path, user="", number=n) for n in range(5)])
    assert set(Job.objects.values_list("turn_at", flat=True)) == {None}
