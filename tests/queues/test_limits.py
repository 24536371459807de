"""The verbs of limits, what they refuse, what people see of them, and who wins a race."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from queues import leases, limits, queue_control
from queues.audit import Door, acting_as
from queues.control import ControlError
from queues.database import database_now
from queues.enqueue import enqueue_many
from queues.explain import explain
from queues.maintenance import prune
from queues.models import AuditEntry, Job, Limit, LimitKey
from queues.rate import Rate
from queues.turns import Turns
from tests import settling
from tests.jobs import QUEUE, Act
from tests.threads import together
from tests.wait import until

FREE = {QUEUE: 8}
ACT = Act(what="return")
ODD: Any = 1


def many(key, count):
    return enqueue_many([(ACT, {"limit_key": key})] * count)


def claim(count=8):
    worker_id = leases.register("one", FREE, version="1")
    return Turns().claim(worker_id, {QUEUE: count})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "named"),
    [
        (lambda: limits.set_limit("", concurrency=1), "key is ''"),
        (lambda: limits.set_limit("x" * 201, concurrency=1), "key is"),
        (lambda: limits.set_limit("a\x00", concurrency=1), "printable"),
        (lambda: limits.set_limit("x"), "concurrency and rate are both None"),
        (lambda: limits.set_limit("x", concurrency=0), "concurrency is 0"),
        (lambda: limits.set_limit("x", concurrency=True), "concurrency is True"),
        (lambda: limits.remove_limit("x"), "no limit 'x'"),
        (lambda: limits.close_key("x", 0), "seconds is 0"),
        (lambda: limits.close_key("x", float("nan")), "seconds is nan"),
        (lambda: limits.open_key("x"), "'x' is not closed"),
        (lambda: limits.open_key("a\udcff"), "key is 'a\\udcff'"),
        (lambda: limits.remove_limit("a\x00"), "key is 'a\\x00'"),
        (lambda: limits.close_key("host:*", 5), "one key, without a *"),
        (lambda: limits.set_limit(" x", concurrency=1), "without spaces"),
        (lambda: limits.parse_rate("many"), "such as 300/60"),
        (lambda: limits.parse_rate("0/60"), "rate is 0"),
        (lambda: limits.parse_rate("5/inf"), "such as 300/60"),
        (lambda: queue_control.set_rate("nowhere", Rate(count=1, per=1)), "queue is 'nowhere'"),
        (lambda: queue_control.set_fair(QUEUE, fair=ODD), "fair is 1"),
    ],
)
def test_what_cannot_be_is_refused_in_words(act, named):
    with pytest.raises(ControlError) as refused:
        act()
    assert named in str(refused.value)
    assert not Limit.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_every_verb_is_written_down_with_what_was_before():
    with acting_as("ann", Door.CLI, "too eager"):
        limits.set_limit("x", concurrency=1)
        limits.set_limit("x", rate=Rate(count=5, per=60))
        limits.close_key("x", 60)
        limits.open_key("x")
        limits.remove_limit("x")
    entries = list(AuditEntry.objects.order_by("id"))
    verbs = [entry.verb for entry in entries]
    assert verbs == ["set-limit", "set-limit", "close-key", "open-key", "remove-limit"]
    assert {(entry.actor, entry.door, entry.reason) for entry in entries} == {
        ("ann", "CLI", "too eager")
    }
    assert entries[1].before == {"concurrency": 1, "rate": None, "per_seconds": None}
    assert entries[1].after == {"concurrency": None, "rate": 5, "per_seconds": 60}


@pytest.mark.django_db
def test_people_see_keys_holders_and_who_waits():
    limits.set_limit("host:*", concurrency=2)
    ids = many("host:a", 5)
    many("tenant", 3)
    claimed = claim(2)
    limits.close_key("closed", 60)
    enqueue_many([ACT] * 3)
    shown = {one.key: one for one in limits.keys_in_use()}
    assert list(shown) == ["host:a", "closed", "tenant"]
    host = shown["host:a"]
    assert (host.limit, host.concurrency, host.running, host.waiting) == ("host:*", 2, 2, 3)
    assert host.holders == [one.id for one in claimed] == ids[:2]
    assert (shown["tenant"].waiting, shown["tenant"].limit) == (3, "")
    assert shown["closed"].opens_at is not None


@pytest.mark.django_db
def test_explain_names_what_a_key_waits_for():
    leases.register("one", FREE, version="1")
    limits.set_limit("x", concurrency=1)
    first, second = many("x", 2)
    claim()
    assert f"the key x has all of its 1 places taken by jobs {first}" in explain_of(second)
    limits.set_limit("x", rate=Rate(count=1, per=60))
    claim()
    claim()
    assert "the rate of the key x lets the next begin at" in explain_of(many("x", 1)[0])
    limits.close_key("x", 600)
    assert "the key x is closed until" in explain_of(many("x", 1)[0])


def explain_of(job_id):
    return explain(Job.objects.get(pk=job_id))


@pytest.mark.django_db
def test_a_key_is_forgotten_once_nothing_of_it_counts():
    limits.set_limit("x", rate=Rate(count=1, per=3600))
    many("x", 1)
    claim()
    limits.close_key("closed", 60)
    LimitKey.objects.filter(key="closed").update(forget_at="2020-01-01T00:00Z")
    prune.run_once()
    assert LimitKey.objects.count() == 2
    LimitKey.objects.update(forget_at="2020-01-01T00:00Z")
    prune.run_once()
    assert [key.key for key in LimitKey.objects.all()] == ["closed"]


def claimers(count, free):
    turns = [Turns() for _ in range(count)]
    ids = [leases.register(f"w{number}", free, version="1") for number in range(count)]
    return [
        lambda turn=turn, id_=id_: turn.claim(id_, free)
        for turn, id_ in zip(turns, ids, strict=True)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("setting", ["key", "rate of a key", "cap", "rate of a queue"])
def test_claimers_at_the_same_moment_never_take_more_than_the_limit(setting):
    {
        "key": lambda: limits.set_limit("x", concurrency=3),
        "rate of a key": lambda: limits.set_limit("x", rate=Rate(count=3, per=60)),
        "cap": lambda: queue_control.set_cap(QUEUE, 3),
        "rate of a queue": lambda: queue_control.set_rate(QUEUE, Rate(count=3, per=60)),
    }[setting]()
    for _ in range(5):
        Job.objects.all().delete()
        LimitKey.objects.all().delete()
        queue_control.QueueControl.objects.update(window=[], opens_at=None)
        many("x", 20)
        racing = claimers(6, FREE)
        taken = [claim for claims in together(*racing) for claim in claims]
        assert 0 < len(taken) <= 3
        # Whoever found the key locked takes nothing; what is left is for the next.
        taken += [claim for claims in (racing[0](), racing[1]()) for claim in claims]
        assert len(taken) == 3


@pytest.mark.django_db(transaction=True)
def test_a_place_is_handed_on_while_others_end_and_claim():
    limits.set_limit("x", concurrency=2)
    many("x", 40)
    seen = []

    def run(claimer):
        def loop():
            mine = []
            for _ in range(200):
                for claim in claimer():
                    running = Job.objects.filter(limit_key="x", state="active").count()
                    seen.append(running)
                    mine.append(claim.id)
                    settling.complete(claim)
            return mine

        return loop

    done = together(*[run(claimer) for claimer in claimers(3, {QUEUE: 4})])
    assert max(seen) <= 2
    ids = [id_ for mine in done for id_ in mine]
    assert len(ids) == len(set(ids)) == 40
    assert not Job.objects.filter(state__in=["waiting", "active"]).exists()


@pytest.mark.django_db(transaction=True)
def test_a_cap_holds_although_its_queue_is_resumed_in_the_middle_of_a_claim():
    queue_control.set_cap(QUEUE, 1)
    queue_control.pause(QUEUE)
    many("x", 5)
    racing = claimers(2, FREE)
    taken = together(racing[0], racing[1], lambda: queue_control.resume(QUEUE))[:2]
    assert sum(map(len, taken)) <= 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_being_closed_holds_up_no_other():
    limits.set_limit("k:*", concurrency=5)
    many("k:1", 2)
    many("k:2", 2)
    is_closing, has_claimed = threading.Event(), threading.Event()

    def close():
        with transaction.atomic():
            limits.close_key("k:1", 60)
            is_closing.set()
            assert has_claimed.wait(10)

    def claim_others():
        assert is_closing.wait(10)
        claimer = claimers(1, FREE)[0]
        try:
            return until(claimer, seconds=2, what="the other key's jobs")
        finally:
            has_claimed.set()

    _, claims = together(close, claim_others)
    assert {claim.limit_key for claim in claims} == {"k:2"}


@pytest.mark.django_db(transaction=True)
def test_keys_without_a_limit_are_claimed_by_one_claimer_each_at_once():
    ids = many("a", 10) + many("b", 10)
    taken = [claim.id for claims in together(*claimers(4, FREE)) for claim in claims]
    assert len(taken) == len(set(taken))
    rest = [claim.id for claimer in claimers(4, FREE) for claim in claimer()]
    assert sorted(taken + rest) == sorted(ids)
    assert connection.in_atomic_block is False


@pytest.mark.django_db
def test_closing_a_key_again_is_from_now_on():
    limits.close_key("x", 86_400)
    limits.close_key("x", 5)
    closed_until = LimitKey.objects.get().closed_until
    assert (closed_until - database_now()).total_seconds() <= 5
