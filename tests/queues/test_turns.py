"""Claims by limits and turns. Keys, queues, rates and fairness, on one connection."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.db.models.functions import Now

from queues import control, leases, limits, queue_control
from queues.claims import claim_ids, claim_waiting
from queues.enqueue import EnqueueError, enqueue, enqueue_many
from queues.execution import conclude, perform
from queues.maintenance import rescue
from queues.models import Job, LimitKey, Worker
from queues.rate import Rate
from queues.recorder import AttemptRecorder
from queues.settlement import Verdict
from queues.turns import Turns
from tests import settling
from tests.jobs import QUEUE, Act
from tests.unit_jobs import Hosted, Limited

pytestmark = pytest.mark.django_db
ACT = Act(what="return")
FREE = {QUEUE: 8}


@pytest.fixture
def worker_id():
    return leases.register("one", FREE, version="1")


def many(key, count, **options):
    return enqueue_many([(ACT, {"limit_key": key, **options})] * count)


def keys_of(claims):
    return Counter(claim.limit_key for claim in claims)


@pytest.mark.parametrize(
    "hold_back",
    [
        lambda: limits.set_limit("x", concurrency=5),
        lambda: limits.set_limit("x", rate=Rate(count=5, per=1)),
        lambda: limits.set_limit("*", concurrency=5),
        lambda: queue_control.set_fair(QUEUE, True),
        lambda: queue_control.set_cap(QUEUE, 5),
    ],
    ids=["concurrency", "rate", "prefix", "fair", "cap"],
)
def test_a_job_whose_key_is_limited_is_claimed_by_turns_alone(worker_id, hold_back):
    hold_back()
    ids = many("x", 2)
    assert claim_ids(worker_id, ids, FREE) == []
    assert claim_waiting(worker_id, FREE) == []
    assert [claim.id for claim in Turns().claim(worker_id, FREE)] == ids


def test_a_job_whose_key_has_no_limit_is_claimed_by_its_id(worker_id):
    limits.set_limit("y*", concurrency=1)
    ids = many("x", 2) + many("", 1)
    assert [claim.id for claim in claim_ids(worker_id, ids, FREE)] == ids


def test_a_job_whose_key_is_closed_is_claimed_by_nobody(worker_id):
    limits.close_key("x", seconds=60)
    ids = many("x", 2)
    assert claim_ids(worker_id, ids, FREE) == []
    assert Turns().claim(worker_id, FREE) == []
    limits.open_key("x")
    assert [claim.id for claim in claim_ids(worker_id, ids, FREE)] == ids


def test_the_key_comes_from_the_arguments_or_the_options():
    assert enqueue(Hosted(host="a.example")).limit_key == "host:a.example"
    assert enqueue(Hosted(host="a.example"), limit_key="other").limit_key == "other"
    assert enqueue(Hosted(host="a.example"), limit_key="").limit_key == ""


@pytest.mark.parametrize("key", [None, 5, "x" * 201, "a\x00b", "\ud800"])
def test_a_key_that_cannot_be_kept_is_refused(key):
    with pytest.raises(EnqueueError, match="limit_key"):
        enqueue(ACT, limit_key=key)


def test_running_jobs_of_a_key_are_no_more_than_its_concurrency(worker_id):
    limits.set_limit("x", concurrency=3)
    ids = many("x", 10)
    turns = Turns()
    first = turns.claim(worker_id, FREE)
    assert [claim.id for claim in first] == ids[:3]
    assert turns.claim(worker_id, FREE) == []
    settling.complete(first[1])
    assert [claim.id for claim in turns.claim(worker_id, FREE)] == [ids[3]]


@pytest.mark.parametrize("how", ["complete", "fail", "give up", "snooze", "cancel", "rescue"])
def test_however_a_job_ends_its_place_is_free_again(worker_id, how):
    limits.set_limit("x", concurrency=1)
    ids = many("x", 2, attempts=2, backoff=60_000)
    claim = Turns().claim(worker_id, FREE)[0]
    if how == "rescue":
        Worker.objects.update(expires_at="2020-01-01T00:00Z")
        rescue.run_once()
        worker_id = leases.register("two", FREE, version="1")
    else:
        {
            "complete": lambda: settling.complete(claim),
            "fail": lambda: settling.fail_attempt(claim),
            "give up": lambda: settling.give_up(claim),
            "snooze": lambda: settling.snooze(claim, 60),
            "cancel": lambda: control.cancel(claim.id),
        }[how]()
    # A rescued job keeps its place before the others.
    expected = ids[0] if how == "rescue" else ids[1]
    assert [claim.id for claim in Turns().claim(worker_id, FREE)] == [expected]


def test_a_full_key_with_many_jobs_in_front_does_not_hold_up_the_others(worker_id):
    limits.set_limit("full", concurrency=1)
    many("full", 1000)
    free = many("free", 5)
    plain = enqueue_many([ACT] * 5)
    turns = Turns()
    claims = turns.claim(worker_id, FREE)
    assert keys_of(claims) == {"full": 1, "free": 5, "": 2}
    rest = claim_waiting(worker_id, FREE)
    assert [claim.id for claim in [*claims, *rest] if not claim.limit_key] == plain
    assert not Job.objects.filter(pk__in=free, state="waiting").exists()
    assert turns.claim(worker_id, FREE) == []


def test_waiting_for_its_turn_costs_no_attempt_and_keeps_the_order(worker_id):
    limits.set_limit("x", concurrency=1)
    low, high = many("x", 2, priority=5), many("x", 2, priority=1)
    front = many("x", 1, front=True)
    turns, order = Turns(), []
    while claims := turns.claim(worker_id, FREE):
        assert [claim.attempt for claim in claims] == [1]
        order.append(claims[0].id)
        settling.complete(claims[0])
    assert order == front + high + low


def test_a_prefix_holds_for_each_key_by_itself_and_the_longest_one_counts(worker_id):
    limits.set_limit("*", concurrency=1)
    limits.set_limit("host:*", concurrency=2)
    limits.set_limit("host:b", concurrency=3)
    for key in ("host:a", "host:b", "other"):
        many(key, 5)
    assert keys_of(Turns().claim(worker_id, FREE)) == {"host:a": 2, "host:b": 3, "other": 1}


def test_a_limit_over_two_queues_is_one_limit():
    both = {QUEUE: 8, "notifications": 8}
    worker_id = leases.register("one", both, version="1")
    limits.set_limit("x", concurrency=1)
    mine, theirs = many("x", 3), [enqueue(Hosted(host="a"), limit_key="x").pk for _ in range(3)]
    turns, order = Turns(), []
    while claims := turns.claim(worker_id, both):
        assert len(claims) == 1
        order.append(claims[0].id)
        settling.complete(claims[0])
    assert sorted(order) == sorted(mine + theirs)
    # Neither queue waits until the other has none left.
    assert {order[0], order[1]} & set(mine)
    assert {order[0], order[1]} & set(theirs)


def test_a_changed_limit_holds_from_the_next_claim(worker_id):
    limits.set_limit("x", concurrency=1)
    many("x", 10)
    turns = Turns()
    assert len(turns.claim(worker_id, FREE)) == 1
    limits.set_limit("x", concurrency=4)
    assert len(turns.claim(worker_id, FREE)) == 3
    limits.set_limit("x", concurrency=2)
    assert turns.claim(worker_id, FREE) == []
    limits.remove_limit("x")
    assert len(turns.claim(worker_id, FREE)) == 6


def test_a_rate_of_a_key_lets_so_many_begin_whatever_became_of_them(worker_id):
    limits.set_limit("x", rate=Rate(count=3, per=60))
    many("x", 10)
    turns = Turns()
    claims = turns.claim(worker_id, FREE)
    assert len(claims) == 3
    for claim in claims:
        settling.complete(claim)
    assert turns.claim(worker_id, FREE) == []
    assert 55 < turns.opens_in <= 63


def test_a_rate_of_a_queue_counts_jobs_with_and_without_a_key(worker_id):
    queue_control.set_rate(QUEUE, Rate(count=5, per=60))
    many("x", 3)
    ids = enqueue_many([ACT] * 4)
    assert claim_ids(worker_id, ids, FREE) == []
    turns = Turns()
    assert len(turns.claim(worker_id, FREE)) == 5
    assert turns.claim(worker_id, FREE) == []
    assert turns.opens_in > 55
    queue_control.set_rate(QUEUE, None)
    assert len(turns.claim(worker_id, FREE) + claim_waiting(worker_id, FREE)) == 2


def test_a_cap_counts_jobs_with_and_without_a_key_in_the_order_of_service(worker_id):
    queue_control.set_cap(QUEUE, 3)
    ids = many("x", 2) + enqueue_many([ACT] * 2) + many("y", 2)
    claims = Turns().claim(worker_id, FREE)
    assert sorted(claim.id for claim in claims) == ids[:3]


def test_a_paused_queue_gives_none(worker_id):
    many("x", 2)
    queue_control.pause(QUEUE)
    assert Turns().claim(worker_id, FREE) == []
    queue_control.set_cap(QUEUE, 1)
    assert Turns().claim(worker_id, FREE) == []


def test_keys_are_served_first_come_unless_the_queue_is_fair(worker_id):
    first = many("tenant-a", 20)
    later = many("tenant-b", 1) + many("tenant-c", 1)
    assert [claim.id for claim in Turns().claim(worker_id, {QUEUE: 4})] == first[:4]
    queue_control.set_fair(QUEUE, True)
    claims = Turns().claim(worker_id, {QUEUE: 4})
    assert {claim.id for claim in claims} == {*first[4:6], *later}


def test_a_round_goes_on_where_it_ended(worker_id):
    queue_control.set_fair(QUEUE, True)
    for key in "abcde":
        many(key, 3)
    turns, order = Turns(), []
    for _ in range(15):
        claims = turns.claim(worker_id, {QUEUE: 1})
        order.append(claims[0].limit_key)
        settling.complete(claims[0])
    assert "".join(order) == "abcde" * 3


def test_more_keys_than_are_looked_at_are_all_served_in_time(worker_id, monkeypatch):
    monkeypatch.setattr("queues.turns.MOST_LANES", 4)
    for number in range(10):
        many(f"k{number}", 1)
    turns, seen = Turns(), []
    for _ in range(10):
        claims = turns.claim(worker_id, {QUEUE: 1})
        seen += [claim.limit_key for claim in claims]
        for claim in claims:
            settling.complete(claim)
    assert sorted(seen) == [f"k{number}" for number in range(10)]


def test_a_handler_closes_a_key_for_all_its_jobs_and_keeps_its_place(worker_id):
    job = enqueue(Limited(seconds=60), limit_key="slow.example")
    later = enqueue(Limited(seconds=0), limit_key="slow.example")
    turns = Turns()
    claims = turns.claim(worker_id, {QUEUE: 1})
    assert claims[0].id == job.pk
    verdicts = conclude([perform(claims[0], AttemptRecorder(claims[0]))])
    assert verdicts == [Verdict.SNOOZED]
    row = Job.objects.get(pk=job.pk)
    assert (row.state, row.attempt, row.run_at) == ("waiting", 0, job.run_at)
    assert turns.claim(worker_id, FREE) == []
    assert 55 < turns.opens_in <= 60
    limits.open_key("slow.example")
    assert [claim.id for claim in turns.claim(worker_id, FREE)] == [job.pk, later.pk]


def test_a_handler_may_name_the_key_that_it_found_closed(worker_id):
    job = enqueue(Limited(seconds=60, key="found.example"))
    claim = claim_ids(worker_id, [job.pk], FREE)[0]
    conclude([perform(claim, AttemptRecorder(claim))])
    assert Job.objects.get(pk=job.pk).limit_key == "found.example"
    assert LimitKey.objects.filter(key="found.example", closed_until__gt=Now()).exists()


def test_without_a_key_it_is_a_snooze(worker_id):
    job = enqueue(Limited(seconds=60))
    claim = claim_ids(worker_id, [job.pk], FREE)[0]
    conclude([perform(claim, AttemptRecorder(claim))])
    assert Job.objects.get(pk=job.pk).state == "delayed"
    assert not LimitKey.objects.exists()


def test_a_key_among_very_many_closed_ones_is_found(worker_id, monkeypatch):
    monkeypatch.setattr("queues.turns.MOST_LANES", 10)
    monkeypatch.setattr("queues.turns.MOST_LOOKS", 2)
    for number in range(25):
        many(f"h{number:02}", 1)
        limits.close_key(f"h{number:02}", 600)
    turns = Turns()
    for _ in range(3):
        assert turns.claim(worker_id, FREE) == []
    (hidden,) = many("h15-open", 1)
    found = [claim.id for _ in range(4) for claim in turns.claim(worker_id, FREE)]
    assert found == [hidden]


@pytest.mark.parametrize("fair", [True, False])
def test_a_queue_with_very_many_keys_does_not_hold_up_those_of_another(monkeypatch, fair):
    monkeypatch.setattr("queues.turns.MOST_LANES", 10)
    both = {QUEUE: 1, "notifications": 1}
    worker_id = leases.register("one", both, version="1")
    queue_control.set_fair(QUEUE, fair)
    for number in range(35):
        many(f"k{number:02}", 1)
    for _ in range(10):
        enqueue(Hosted(host="a"))
    turns = Turns()
    for _ in range(10):
        claims = turns.claim(worker_id, both)
        assert {claim.queue for claim in claims} == set(both)
        for claim in claims:
            settling.complete(claim)


def test_jobs_without_a_key_have_their_turn_beside_those_that_have_one(worker_id):
    many("x", 20, priority=5)
    plain = enqueue_many([ACT] * 4)
    many("y", 4, priority=5)
    assert [claim.id for claim in Turns().claim(worker_id, {QUEUE: 4})] == plain
    enqueue_many([(ACT, {"priority": 9})] * 4)
    queue_control.set_fair(QUEUE, True)
    assert keys_of(Turns().claim(worker_id, {QUEUE: 6})) == {"x": 2, "y": 2, "": 2}


def test_a_rate_that_is_no_more_keeps_nothing_closed(worker_id):
    limits.set_limit("x", rate=Rate(count=1, per=86_400))
    many("x", 3)
    turns = Turns()
    assert len(turns.claim(worker_id, FREE)) == 1
    # As if the claim had been under way when the limit went.
    opens_at = LimitKey.objects.get(key="x").opens_at
    limits.remove_limit("x")
    LimitKey.objects.filter(key="x").update(opens_at=opens_at)
    assert len(turns.claim(worker_id, FREE)) == 2


def test_a_key_that_a_rate_closed_may_be_opened(worker_id):
    limits.set_limit("x", rate=Rate(count=1, per=86_400))
    many("x", 3)
    Turns().claim(worker_id, FREE)
    limits.open_key("x")
    assert LimitKey.objects.get(key="x").opens_at is None


def test_ten_thousand_jobs_of_full_keys_are_not_walked_over(worker_id):
    """By the plan, not by the clock: a bounded number of rows is looked at."""
    limits.set_limit("*", concurrency=1)
    for number in range(10):
        many(f"full{number}", 1000)
    turns = Turns()
    turns.claim(worker_id, {QUEUE: 20})
    free = many("free", 100)
    limits.set_limit("free", concurrency=100)
    with connection.execute_wrapper(_count_rows(counted := [])):
        claims = turns.claim(worker_id, {QUEUE: 100})
    assert sorted(claim.id for claim in claims) == free
    assert max(counted) <= 100


def _count_rows(counted):
    def wrapper(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        counted.append(context["cursor"].rowcount)
        return result

    return wrapper
