"""What the end of a child means for its parent: each policy, each ending, each door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from queues import control, metrics, queue_control
from queues.conf import MAX_CRASHES
from queues.endings import Refused
from queues.flows import Child, Node, cancel_tree, children, flow
from queues.maintenance import prune, rescue, timeouts
from queues.models import Job
from queues.settle import settle
from queues.settlement import Completed, settlement_of
from queues.testing import run_job
from queues.transport import hints
from tests import settling
from tests.flowing import ENDINGS, FREE, claim, complete, edges, give_up, node, state, states
from tests.jobs import QUEUE
from tests.rows import let_leases_run_out
from tests.unit_jobs import Count

pytestmark = pytest.mark.django_db(transaction=True)
WAITS, RUNS, FAILED = "waiting-children", "waiting", "failed"


@pytest.mark.parametrize(
    ("on_failure", "ending", "at_once", "known", "at_last"),
    [
        ("fail", "completed", WAITS, "completed", RUNS),
        ("fail", "failed", FAILED, "failed", FAILED),
        ("fail", "cancelled", FAILED, "cancelled", FAILED),
        ("fail", "removed", FAILED, "removed", FAILED),
        ("continue", "completed", WAITS, "completed", RUNS),
        ("continue", "failed", RUNS, "failed", RUNS),
        ("continue", "cancelled", RUNS, "cancelled", RUNS),
        ("continue", "removed", RUNS, "removed", RUNS),
        ("ignore", "completed", WAITS, "completed", RUNS),
        ("ignore", "failed", WAITS, "failed", RUNS),
        ("ignore", "cancelled", WAITS, "cancelled", RUNS),
        ("ignore", "removed", WAITS, "removed", RUNS),
        ("remove", "completed", WAITS, "completed", RUNS),
        ("remove", "failed", WAITS, None, RUNS),
        ("remove", "cancelled", WAITS, None, RUNS),
        ("remove", "removed", WAITS, None, RUNS),
    ],
)
def test_each_policy_and_each_ending(on_failure, ending, at_once, known, at_last):
    child, other = node("child"), node("other")
    parent = node("parent", Child(child, on_failure), other)
    ids = flow(parent)
    ENDINGS[ending](ids[child])
    assert state(ids[parent]) == at_once
    assert dict(edges(ids[parent])).get(ids[child]) == known
    complete(ids[other])
    assert state(ids[parent]) == at_last


def test_a_parent_that_fails_says_which_child_it_was_and_why():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    give_up(ids[child])
    job = Job.objects.get(pk=ids[parent])
    assert (job.state, job.cause, job.attempt, job.token) == ("failed", "child", 0, 0)
    assert job.error_message == f"Job {ids[child]} (child), for which it waited, failed: m"
    assert job.finished_at is not None
    assert metrics._pending[QUEUE, "tests.act"].counters["failed"] == 1


def test_failing_climbs_up_by_the_policy_of_each_edge():
    leaf = node("leaf")
    a = node("a", leaf)
    b = node("b", a)
    c = node("c", Child(b, "ignore"), node("other"))
    d = node("d", b)
    e = node("e", Child(d, "continue"), c)
    ids = flow(e)
    give_up(ids[leaf])
    found = states(ids)
    assert {name: found[name] for name in "abcde"} == {
        "a": "failed", "b": "failed", "c": "waiting-children", "d": "failed", "e": "waiting",
    }  # fmt: skip
    assert "(leaf)" in Job.objects.get(pk=ids[a]).error_message
    assert "(a)" in Job.objects.get(pk=ids[b]).error_message


@pytest.mark.parametrize("depth", [5, 50])
def test_a_deep_flow_runs_from_the_bottom_to_the_top_or_fails_to_the_top(depth):
    def chain():
        one = node("0")
        for n in range(1, depth + 1):
            one = node(str(n), one)
        return flow(one)

    good, bad = [*chain().values()], [*chain().values()]
    for job_id in good:
        assert state(job_id) == "waiting"
        complete(job_id)
    give_up(bad[0])
    assert {state(job_id) for job_id in bad} == {"failed"}


def test_a_shared_child_releases_all_its_parents():
    shared = node("shared")
    left, right = node("left", shared), node("right", shared, node("own"))
    ids = flow(node("top", left, right))
    complete(ids[shared])
    assert (state(ids[left]), state(ids[right])) == (RUNS, WAITS)


def test_many_children_of_one_batch_release_their_parents_together():
    leaves = [node(str(n)) for n in range(6)]
    good, bad = node("good", *leaves[:3]), node("bad", *leaves[3:])
    ids = flow(node("top", good, Child(bad, "ignore")))
    hints.pop(FREE)
    claims = claim(*[ids[leaf] for leaf in leaves])
    last = settlement_of(claims[5], Refused(trouble=settling.TROUBLE))
    settle([*[Completed(one, "1") for one in claims[:5]], last])
    assert (state(ids[good]), state(ids[bad])) == ("waiting", "failed")
    assert hints.pop(FREE) == [ids[good]]


def test_a_child_that_is_tried_again_has_not_ended():
    child = node("child", attempts=2, backoff=0)
    parent = node("parent", child)
    ids = flow(parent)
    (first,) = claim(ids[child])
    settling.fail_attempt(first)
    assert edges(ids[parent]) == [(ids[child], "pending")]
    complete(ids[child])
    assert state(ids[parent]) == RUNS


def test_a_worker_that_lost_its_child_says_nothing():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    (old,) = claim(ids[child])
    Job.objects.filter(pk=old.id).update(token=old.token + 1)
    assert settling.complete(old) == "lost"
    assert edges(ids[parent]) == [(ids[child], "pending")]


def crash(job_id):
    claim(job_id)
    Job.objects.filter(pk=job_id).update(crashes=MAX_CRASHES)
    let_leases_run_out()
    rescue.run_once()


def time_out(job_id):
    claim(job_id)
    Job.objects.filter(pk=job_id).update(started_at=Now() - timedelta(hours=1))
    timeouts.run_once()


def cancel_active(job_id):
    claim(job_id)
    control.cancel(job_id)


DOORS = {
    "crash": crash,
    "timeout": time_out,
    "cancel while active": cancel_active,
    "drain": lambda _: queue_control.drain(QUEUE),
    "clean": lambda _: queue_control.clean(QUEUE, "waiting"),
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_forgets_the_parents(door):
    child = node("child", attempts=1)
    parent = node("parent", child)
    ids = flow(parent)
    DOORS[door](ids[child])
    assert (state(ids[parent]), Job.objects.get(pk=ids[parent]).cause) == ("failed", "child")


def test_an_atomic_child_is_told_with_its_own_transaction():
    child = Node(Count())
    parent = node("parent", child)
    ids = flow(parent)
    assert run_job(Job.objects.get(pk=ids[child])).state == "completed"
    assert state(ids[parent]) == RUNS


@pytest.mark.parametrize("keep", [True, 0])
def test_results_are_readable_after_the_child_is_gone(keep):
    child, last = node("child", keep_completed=keep), node("last")
    parent = node("parent", child, last)
    ids = flow(parent)
    complete(ids[child], {"pages": 3})
    prune.run_once()
    assert not Job.objects.filter(pk=ids[child]).exists()
    first, second = children(ids[parent])
    assert (first.state, first.result, first.completed) == ("completed", {"pages": 3}, True)
    assert (second.state, second.result, second.completed) == ("pending", None, False)
    complete(ids[last])
    assert state(ids[parent]) == RUNS


def test_a_released_parent_keeps_its_own_delay():
    child = node("child")
    soon, later = node("soon", child), node("later", child, delay=3600)
    ids = flow(soon, later)
    before = Job.objects.get(pk=ids[soon]).run_at
    complete(ids[child])
    assert states(ids) == {"child": "completed", "soon": "waiting", "later": "delayed"}
    assert Job.objects.get(pk=ids[soon]).run_at > before


def test_a_waiting_parent_is_neither_removed_nor_cleaned_nor_pruned():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    with pytest.raises(control.ControlError, match="is waiting-children; allowed"):
        control.remove(ids[parent])
    with pytest.raises(control.ControlError, match="state is 'waiting-children'; allowed"):
        queue_control.clean(QUEUE, WAITS)
    prune.run_once()
    assert state(ids[parent]) == WAITS


def test_cancelling_a_parent_leaves_its_children_to_run():
    child = node("child")
    parent = node("parent", child)
    top = node("top", parent)
    ids = flow(top)
    control.cancel(ids[parent])
    assert states(ids) == {"child": "waiting", "parent": "cancelled", "top": "failed"}
    complete(ids[child], 1)
    assert edges(ids[parent]) == [(ids[child], "completed")]
    assert state(ids[parent]) == "cancelled"


def test_cancelling_a_tree_spares_what_others_wait_for():
    shared, own, deep = node("shared"), node("own"), node("deep")
    middle = node("middle", own, deep)
    top, other = node("top", middle, shared), node("other", shared)
    ids = flow(top, other)
    complete(ids[deep])
    cancelled = cancel_tree(ids[top])
    assert set(cancelled) == {ids[top], ids[middle], ids[own]}
    assert states(ids) == {
        "top": "cancelled", "middle": "cancelled", "own": "cancelled",
        "deep": "completed", "shared": "waiting", "other": "waiting-children",
    }  # fmt: skip
    assert cancel_tree(ids[top]) == []
    with pytest.raises(control.NoJobError):
        cancel_tree(0)


def test_a_parent_may_end_before_its_children_and_keeps_their_ends():
    bad, slow = node("bad"), node("slow")
    parent = node("parent", Child(bad, "continue"), slow)
    ids = flow(parent)
    give_up(ids[bad])
    complete(ids[parent])
    complete(ids[slow], 7)
    assert [one.result for one in children(ids[parent])] == [None, 7]
    assert state(ids[parent]) == "completed"


def test_a_job_that_nobody_waits_for_is_settled_with_one_statement():
    alone, child = node("alone"), node("child")
    ids = flow(alone, node("parent", child))
    plain, awaited = claim(ids[alone], ids[child])
    with CaptureQueriesContext(connection) as queries:
        settle([Completed(plain, None)])
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        settle([Completed(awaited, None)])
    assert sum("queues_dependency" in one["sql"] for one in queries) == 3
