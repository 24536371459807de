from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from queues import control, leases
from queues.claims import claim_ids
from queues.conf import MAX_CRASHES
from queues.database import fetch
from queues.enqueue import EnqueueError, enqueue
from queues.maintenance import prune, rescue
from queues.models import Job, Worker
from queues.statements.flows import PARK
from queues.transport import hints
from queues.unique import Answer, Mode, Unique, UniqueError
from tests import settling
from tests.jobs import QUEUE, Act, Note
from tests.rows import let_leases_run_out
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
FREE = {QUEUE: 100}


def add(text="", *, unique="k", **options):
    return enqueue(Act(what="return", text=text), unique=unique, **options)


def claim(job):
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    return claim_ids(worker_id, [job.pk], [QUEUE])[0]


def texts():
    return sorted(job.payload["text"] for job in Job.objects.all())


def finish_by_failing(job_claim):
    settling.give_up(job_claim, settling.TROUBLE)


def test_while_the_first_is_not_finished_a_second_gets_the_firsts_id():
    first, second = add("a"), add("b")
    assert (first.answer, second.answer) == (Answer.CREATED, Answer.EXISTS)
    assert second.pk == first.pk
    assert texts() == ["a"]
    assert hints.pop(FREE) == [first.pk]


@pytest.mark.parametrize(
    "finish",
    [
        lambda job: settling.complete(claim(job), None),
        lambda job: finish_by_failing(claim(job)),
        lambda job: control.cancel(job.pk),
        lambda job: control.remove(job.pk),
    ],
)
def test_a_finished_job_frees_its_key(finish):
    first = add("a")
    finish(first)
    assert add("b").answer is Answer.CREATED


def test_a_failed_attempt_does_not_free_the_key():
    first = add("a", backoff=60_000)
    settling.fail_attempt(claim(first), settling.TROUBLE)
    assert add("b").answer is Answer.EXISTS


def test_fifty_at_once_make_one_row_and_forty_nine_answers():
    for round_ in range(3):
        answers = together(*[lambda r=round_: add(unique=f"k{r}") for _ in range(50)])
        assert len({job.pk for job in answers}) == 1
        assert sum(job.answer is Answer.CREATED for job in answers) == 1
        assert sum(job.answer is Answer.EXISTS for job in answers) == 49
    assert Job.objects.count() == 3


def test_a_rolled_back_job_holds_no_key():
    with transaction.atomic():
        add("a")
        transaction.set_rollback(True)
    assert add("b").answer is Answer.CREATED


def test_keys_of_two_kinds_are_two_keys():
    add("a")
    assert enqueue(Note(path="/dev/null"), unique="k").answer is Answer.CREATED


def test_a_throttle_holds_its_key_for_its_time_whatever_the_job_does():
    throttle = Unique(key="k", mode=Mode.THROTTLE, ttl=60)
    first = add("a", unique=throttle, keep_completed=0)
    settling.complete(claim(first), None)
    prune.run_once()
    assert add("b", unique=throttle).answer is Answer.EXISTS
    Job.objects.update(unique_until=Now() - timedelta(seconds=1))
    assert add("c", unique=throttle).answer is Answer.CREATED
    assert texts() == ["a", "c"]


def test_a_throttle_that_is_over_lets_a_second_run_beside_the_first():
    throttle = Unique(key="k", mode=Mode.THROTTLE, ttl=60)
    claim(add("a", unique=throttle))
    Job.objects.update(unique_until=Now() - timedelta(seconds=1))
    assert add("b", unique=throttle).answer is Answer.CREATED


def test_a_debounce_replaces_the_delayed_one_and_starts_its_clocks_again():
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    first = add("a", unique=debounce, delay=30)
    Job.objects.update(run_at=Now(), unique_until=Now() + timedelta(seconds=5))
    second = add("b", unique=debounce, delay=30, priority=3)
    assert (second.pk, second.answer) == (first.pk, Answer.REPLACED)
    assert (texts(), second.priority) == (["b"], 3)
    assert second.run_at - second.created_at > timedelta(seconds=29)
    assert second.unique_until - second.created_at > timedelta(seconds=59)


def test_a_debounce_comes_too_late_once_the_first_has_left_its_delay():
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    control.promote(add("a", unique=debounce, delay=30).pk)
    assert add("b", unique=debounce, delay=30).answer is Answer.EXISTS
    assert texts() == ["a"]


def test_a_debounce_replaces_every_option():
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    add("a", unique=debounce, delay=30)
    options = {"attempts": 7, "timeout": 9, "front": True, "backoff": 5}
    keeps = {"keep_completed": {"count": 3, "age": 4}, "keep_failed": True}
    second = add("b", unique=debounce, delay=20, **options, **keeps)
    plain = add("b", unique="other", delay=20, **options, **keeps)
    own = {"id", "unique_key", "unique_until", "run_at", "created_at"}
    first, other = (Job.objects.values().get(pk=job.pk) for job in (second, plain))
    assert {k: first[k] for k in first if k not in own} == {
        k: other[k] for k in other if k not in own
    }


@pytest.mark.parametrize("leave", ["fail", "snooze"])
def test_a_debounce_leaves_a_job_alone_that_has_begun_although_it_is_delayed_again(leave):
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    first = add("a", unique=debounce, delay=30, backoff=60_000)
    control.promote(first.pk)
    trouble = settling.TROUBLE
    if leave == "fail":
        settling.fail_attempt(claim(first), trouble)
    else:
        settling.snooze(claim(first), 60)
    before = Job.objects.values().get()
    assert before["state"] == "delayed"
    assert add("b", unique=debounce, delay=30).answer is Answer.EXISTS
    assert Job.objects.values().get() == before


def test_many_debounces_at_once_make_one_row_with_one_of_their_payloads():
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    acts = [lambda n=n: add(str(n), unique=debounce, delay=30) for n in range(20)]
    answers = together(*acts)
    assert sum(job.answer is Answer.CREATED for job in answers) == 1
    assert sum(job.answer is Answer.REPLACED for job in answers) == 19
    assert texts()[0] in {str(n) for n in range(20)}


def test_of_a_promotion_and_a_debounce_the_job_is_replaced_before_it_waits_or_not_at_all():
    debounce = Unique(key="k", mode=Mode.DEBOUNCE, ttl=60)
    for _ in range(15):
        Job.objects.all().delete()
        first = add("a", unique=debounce, delay=30)
        _, second = together(
            lambda j=first: control.promote(j.pk), lambda: add("b", unique=debounce, delay=30)
        )
        job = Job.objects.get()
        assert job.state == "waiting"
        assert job.payload["text"] == ("b" if second.answer is Answer.REPLACED else "a")


def test_a_retried_throttle_holds_its_key_for_the_rest_of_its_time():
    throttle = Unique(key="k", mode=Mode.THROTTLE, ttl=60)
    first = add("a", unique=throttle)
    settling.complete(claim(first), None)
    control.retry(first.pk)
    assert add("b", unique=throttle).answer is Answer.EXISTS
    settling.complete(claim(first), None)
    assert add("b", unique=throttle).answer is Answer.EXISTS
    Job.objects.update(unique_until=Now() - timedelta(seconds=1))
    control.retry(first.pk)
    assert add("b", unique=throttle).answer is Answer.CREATED


def test_a_retried_job_does_not_take_its_key_back_from_who_has_it_now():
    first = add("a")
    control.cancel(first.pk)
    second = add("b")
    control.retry(first.pk)
    assert add("c").pk == second.pk


def kept(text):
    return add(text, unique=Unique(key="k", mode=Mode.KEEP_LAST), priority=2)


def crash_out(job_claim):
    Job.objects.filter(pk=job_claim.id).update(crashes=MAX_CRASHES)
    let_leases_run_out()
    rescue.run_once()


@pytest.mark.parametrize(
    "finish",
    [
        lambda claim: settling.complete(claim, None),
        finish_by_failing,
        lambda claim: control.cancel(claim.id),
        crash_out,
    ],
)
def test_the_newest_that_came_while_the_first_ran_follows_it(finish):
    running = claim(kept("a"))
    hints.pop(FREE)
    assert [kept(text).answer for text in "bc"] == [Answer.KEPT, Answer.KEPT]
    assert texts() == ["a"]
    finish(running)
    follower = Job.objects.exclude(pk=running.id).get()
    assert (follower.payload["text"], follower.state, follower.priority) == ("c", "waiting", 2)
    assert follower.unique_key == "k"
    assert hints.pop(FREE) == [follower.pk]
    assert kept("d").answer is Answer.EXISTS


def test_nothing_follows_while_attempts_are_left():
    running = claim(add("a", unique=Unique(key="k", mode=Mode.KEEP_LAST), backoff=60_000))
    kept("b")
    settling.fail_attempt(running, settling.TROUBLE)
    assert texts() == ["a"]
    control.promote(running.id)
    settling.complete(claim(Job.objects.get()), None)
    assert texts() == ["a", "b"]


def park(job_claim):
    fetch(PARK, {"id": job_claim.id, "token": job_claim.token})


@pytest.mark.parametrize(
    "interrupt",
    [
        settling.fail_attempt,
        lambda claim: settling.fail_attempt(claim, wait_ms=0),
        lambda claim: settling.snooze(claim, 60),
        lambda _: leases.hand_back(Worker.objects.get().pk),
        park,
    ],
    ids=["retry", "retry at once", "snooze", "handed back", "waits for children"],
)
def test_the_newest_is_kept_while_the_first_waits_to_run_again(interrupt):
    running = claim(add("a", unique=Unique(key="k", mode=Mode.KEEP_LAST), backoff=60_000))
    interrupt(running)
    assert [kept(text).answer for text in "bc"] == [Answer.KEPT, Answer.KEPT]
    assert texts() == ["a"]
    Job.objects.update(state="waiting")
    settling.complete(claim(Job.objects.get()), None)
    assert texts() == ["a", "c"]


def test_what_is_to_follow_a_job_follows_it_too_if_that_is_removed():
    running = claim(add("a", unique=Unique(key="k", mode=Mode.KEEP_LAST), backoff=60_000))
    kept("b")
    settling.fail_attempt(running)
    hints.pop(FREE)
    control.remove(running.id)
    assert texts() == ["b"]
    assert hints.pop(FREE) == [Job.objects.get().pk]


def test_keep_last_is_plain_before_the_first_has_begun():
    kept("a")
    assert kept("b").answer is Answer.EXISTS


def test_of_a_settling_and_a_newcomer_the_newcomer_is_never_lost():
    for _ in range(15):
        Job.objects.all().delete()
        running = claim(kept("a"))
        _, newcomer = together(lambda c=running: settling.complete(c, None), lambda: kept("b"))
        assert newcomer.answer in {Answer.KEPT, Answer.CREATED}
        assert texts() == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"key": ""}, "key is ''"),
        ({"key": "x" * 201}, "1 to 200"),
        ({"key": 7}, "key is 7"),
        ({"key": "k", "mode": "odd"}, "allowed: simple, throttle, debounce, keep-last"),
        ({"key": "k", "ttl": 5}, "allowed: none with mode simple"),
        ({"key": "k", "mode": "throttle"}, "ttl is None"),
        ({"key": "k", "mode": "debounce", "ttl": 0}, "ttl is 0"),
        ({"key": "k", "mode": "throttle", "ttl": float("nan")}, "ttl is nan"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(values, says):
    with pytest.raises(UniqueError, match=says):
        Unique(**values)


@pytest.mark.parametrize("key", ["", "a\x00", "\ud800", 5, "x" * 201])
def test_enqueue_names_the_option(key):
    with pytest.raises(EnqueueError) as caught:
        add(unique=key)
    assert caught.value.field == "unique"
    assert not Job.objects.exists()


def test_a_follower_keeps_its_own_options_and_its_place():
    newest = Unique(key="k", mode=Mode.KEEP_LAST)
    running = claim(add("a", unique=newest))
    add("b", unique=newest, front=True, attempts=7, keep_failed={"count": 2, "age": 3}, backoff=9)
    plain = add("c", unique="other")
    settling.complete(running, None)
    follower = Job.objects.get(payload__text="b")
    assert (follower.front, follower.max_attempts, follower.backoff["delay"]) == (True, 7, 9)
    assert (follower.keep_failed, follower.keep_failed_age) == (2, 3)
    assert (follower.attempt, follower.token, follower.crashes) == (0, 0, 0)
    assert hints.pop(FREE) == [follower.pk, running.id, plain.pk]


def test_a_follower_may_be_delayed():
    newest = Unique(key="k", mode=Mode.KEEP_LAST)
    running = claim(add("a", unique=newest))
    add("b", unique=newest, delay=60)
    hints.pop(FREE)
    settling.complete(running, None)
    follower = Job.objects.get(payload__text="b")
    assert follower.state == "delayed"
    assert follower.run_at - follower.created_at > timedelta(seconds=59)
    assert hints.pop(FREE) == []


def test_a_rolled_back_newcomer_follows_nobody():
    running = claim(kept("a"))
    with transaction.atomic():
        kept("b")
        transaction.set_rollback(True)
    settling.complete(running, None)
    assert texts() == ["a"]
