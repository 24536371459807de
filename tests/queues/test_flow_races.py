"""Flows on several connections at once, and the duty that finds what was forgotten."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from queues import control
from queues.control import ControlError
from queues.flows import Child, add_children, flow
from queues.maintenance import flows
from queues.models import Dependency, Job
from queues.resolving import resolve
from queues.settle import settle
from queues.settlement import Completed
from queues.transport import hints
from tests import settling
from tests.flowing import FREE, claim, complete, edges, give_up, node, state, states
from tests.locks import somebody_waits_for_a_lock
from tests.threads import in_thread, together
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15


def pair(on_failure="fail"):
    """Return a flow's parent and the claims of its two children."""
    first, second = node("first"), node("second")
    parent = node("parent", Child(first, on_failure), Child(second, on_failure))
    ids = flow(parent)
    return ids[parent], claim(ids[first], ids[second])


def test_the_last_two_children_that_end_together_release_the_parent_once():
    for _ in range(ROUNDS):
        parent, (first, second) = pair()
        hints.pop(FREE)
        together(
            lambda one=first: settling.complete(one), lambda one=second: settling.complete(one)
        )
        assert state(parent) == "waiting"
        assert hints.pop(FREE) == [parent]
        complete(parent)


def test_the_second_of_two_endings_waits_for_the_first_and_releases_the_parent():
    parent, (first, second) = pair()
    hints.pop(FREE)
    done = []

    def end_second():
        settle([Completed(second, None)])
        done.append(second)

    with transaction.atomic():
        settle([Completed(first, None)])
        assert edges(parent) == [(first.id, "completed"), (second.id, "pending")]
        thread = threading.Thread(target=lambda: in_thread(end_second))
        thread.start()
        until(somebody_waits_for_a_lock, what="the second ending to wait for the parent's row")
        assert (done, state(parent)) == ([], "waiting-children")
    thread.join()
    assert state(parent) == "waiting"
    assert hints.pop(FREE) == [parent]


@pytest.mark.parametrize(("on_failure", "at_last"), [("fail", "failed"), ("ignore", "waiting")])
def test_one_child_completes_while_the_other_fails(on_failure, at_last):
    for _ in range(ROUNDS):
        parent, (first, second) = pair(on_failure)
        together(lambda one=first: settling.complete(one), lambda one=second: settling.give_up(one))
        assert state(parent) == at_last


def cancelled(job_id):
    try:
        control.cancel(job_id)
    except ControlError:
        return False
    return True


def test_a_child_ends_while_its_parent_is_cancelled():
    for _ in range(ROUNDS):
        parent, (first, second) = pair()
        settling.complete(first)
        _, was_cancelled = together(
            lambda one=second: settling.complete(one), lambda id_=parent: cancelled(id_)
        )
        # The cancelling finds it waiting for children, or waiting; it is never lost, nor run.
        assert (was_cancelled, state(parent)) == (True, "cancelled")
        assert [one for _, one in edges(parent)] == ["completed", "completed"]


def test_a_failed_child_is_retried_while_its_sibling_ends():
    for _ in range(ROUNDS):
        parent, (first, second) = pair()
        settling.give_up(first)
        together(lambda one=first: control.retry(one.id), lambda one=second: settling.complete(one))
        assert state(parent) == "waiting-children"
        assert edges(parent) == [(first.id, "pending"), (second.id, "completed")]
        complete(first.id)
        assert state(parent) == "waiting"


def test_a_failed_child_is_retried_while_its_sibling_fails():
    for _ in range(ROUNDS):
        parent, (first, second) = pair()
        settling.give_up(first)
        together(lambda one=first: control.retry(one.id), lambda one=second: settling.give_up(one))
        flows.run_once()
        assert state(parent) == "failed"
        control.retry(second.id)
        assert state(parent) == "waiting-children"


def test_children_are_added_while_the_last_one_ends():
    for _ in range(ROUNDS):
        child = node("child")
        parent = node("parent", child)
        ids = flow(parent)
        (last,) = claim(ids[child])

        def add(id_=ids[parent]):
            try:
                return [*add_children(id_, [node("more")]).values()]
            except ValueError:
                return []

        _, added = together(lambda one=last: settling.complete(one), add)
        assert state(ids[parent]) == ("waiting-children" if added else "waiting")
        for job_id in added:
            complete(job_id)
        assert state(ids[parent]) == "waiting"


def test_two_flows_that_share_parents_fail_at_once_without_a_deadlock():
    for _ in range(ROUNDS):
        x, y = node("x"), node("y")
        a = node("a", x)
        b = node("b", a, y)
        d = node("d", x, b)
        top = node("top", d, b)
        ids = flow(top)
        one, two = claim(ids[x], ids[y])
        together(lambda one=one: settling.give_up(one), lambda two=two: settling.give_up(two))
        assert [states(ids)[name] for name in ("a", "b", "d", "top")] == ["failed"] * 4


def test_the_duty_finds_children_that_were_deleted_by_hand():
    child, other = node("child"), node("other")
    failing, patient = node("failing", child), node("patient", Child(child, "ignore"), other)
    ids = flow(failing, patient)
    Job.objects.filter(pk=ids[child]).delete()
    assert flows.run_once() == 1
    assert states({failing: ids[failing], patient: ids[patient]}) == {
        "failing": "failed",
        "patient": "waiting-children",
    }
    Job.objects.filter(pk=ids[other]).update(state="completed", result=5)
    assert flows.run_once() == 1
    assert state(ids[patient]) == "waiting"
    assert flows.run_once() == 0


def test_the_duty_finds_parents_whose_edges_were_deleted_by_hand():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    Dependency.objects.all().delete()
    assert flows.run_once() == 1
    assert state(ids[parent]) == "waiting"


def test_the_duty_leaves_alone_what_waits_for_good_reason():
    parent, claims = pair()
    assert flows.run_once() == 0
    assert state(parent) == "waiting-children"
    assert len(claims) == 2


def test_the_duty_goes_through_more_than_it_looks_at_once(monkeypatch):
    monkeypatch.setattr(flows, "LIMIT", 4)
    leaves = [node(str(n)) for n in range(10)]
    parent = node("parent", *leaves)
    ids = flow(parent)
    Job.objects.filter(pk__in=[ids[one] for one in leaves]).update(state="completed")
    found = [flows.run_once() for _ in range(3)]
    assert sum(found) == 10
    assert state(ids[parent]) == "waiting"


def test_duties_side_by_side_tell_of_each_end_once_and_wait_for_nobody():
    leaves = [node(str(n)) for n in range(30)]
    parent = node("parent", *leaves)
    ids = flow(parent)
    hints.pop(FREE)
    Job.objects.filter(is_child=True).update(state="completed")
    together(flows.run_once, flows.run_once)
    assert state(ids[parent]) == "waiting"
    assert hints.pop(FREE) == [ids[parent]]


def test_the_duty_passes_over_a_child_that_is_being_moved():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    Job.objects.filter(pk=ids[child]).update(state="failed")
    with transaction.atomic():
        control.retry(ids[child])
        assert in_thread(flows.run_once) == 0
    assert state(ids[parent]) == "waiting-children"
    give_up(ids[child])
    assert state(ids[parent]) == "failed"


def test_telling_twice_changes_nothing():
    parent, (first, second) = pair()
    settling.complete(first)
    with transaction.atomic():
        resolve([first.id, second.id])
    assert edges(parent) == [(first.id, "completed"), (second.id, "pending")]
