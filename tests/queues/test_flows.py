"""Accepting graphs of jobs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from queues import control
from queues.enqueue import EnqueueError
from queues.flows import Child, Node, add_children, children, flow, tree
from queues.models import Dependency, Job, OnFailure
from queues.nodes import ON_FAILURE
from queues.transport import hints
from tests.flowing import FREE, complete, edges, node, state, states
from tests.jobs import Unregistered

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_parent_waits_for_its_children_and_they_begin_at_once():
    first, second = node("first"), node("second", delay=60)
    parent = node("parent", first, Child(second, "ignore"))
    ids = flow(parent)
    assert states(ids) == {"first": "waiting", "second": "delayed", "parent": "waiting-children"}
    assert edges(ids[parent]) == [(ids[first], "pending"), (ids[second], "pending")]
    assert list(Dependency.objects.order_by("pk").values_list("on_failure", flat=True)) == [
        "fail",
        "ignore",
    ]
    assert dict(Job.objects.values_list("pk", "is_child")) == {
        ids[first]: True,
        ids[second]: True,
        ids[parent]: False,
    }
    assert hints.pop(FREE) == [ids[first]]


def test_one_node_may_be_below_several_and_is_one_job():
    shared = node("shared")
    left, right = node("left", shared), node("right", shared)
    ids = flow(node("top", left, right))
    assert len(ids) == Job.objects.count() == 4
    assert [edges(ids[one]) for one in (left, right)] == [[(ids[shared], "pending")]] * 2


def test_children_have_lower_ids_than_their_parents():
    shared = node("shared")
    deep = node("deep", node("middle", shared))
    ids = flow(node("top", shared, deep), node("other", deep))
    assert all(one.parent_id > one.child_id for one in Dependency.objects.all())
    assert len(ids) == 5


def test_two_statements_are_enough_for_ten_thousand_nodes():
    leaves = [node() for _ in range(9999)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ids = flow(node("top", *leaves))
    assert sum("INSERT" in one["sql"] for one in queries) == 2
    assert len(ids) == Dependency.objects.count() + 1 == 10_000


def test_ten_thousand_levels_are_no_problem():
    one = node("0")
    for n in range(1, 10_000):
        one = node(str(n), one)
    ids = flow(one)
    assert [*ids][-1] is one
    assert Dependency.objects.count() == 9999


def test_nodes_that_wait_for_each_other_are_refused_by_name():
    below = []
    first = Node(node("a").arguments, {}, below)
    below.append(node("b", node("c", first)))
    with pytest.raises(EnqueueError, match="a → b → c → a; allowed: no cycle") as caught:
        flow(node("top", first))
    assert caught.value.field == "children"
    assert not Job.objects.exists()


def test_a_node_that_waits_for_itself_is_refused():
    below = []
    alone = Node(node("alone").arguments, {}, below)
    below.append(alone)
    with pytest.raises(EnqueueError, match="alone → alone"):
        flow(alone)


TWICE = node("twice")


@pytest.mark.parametrize(
    ("roots", "field", "words"),
    [
        (
            [node("a", node("b", node("c", priority=-1)))],
            "0.children.0.children.0.priority",
            "0 to",
        ),
        ([node("a"), node("b", Node(Unregistered()))], "1.children.0.kind", "No handler"),
        ([node("a", unique="key")], "0.unique", "not allowed in a flow"),
        ([node("a", odd=1)], "0.odd", "is no option"),
        ([node("a", Child(node("b"), "explode"))], "children", "fail, continue, ignore, remove"),
        ([node("a", "b")], "children", "allowed: a Node"),
        (["a"], "children", "allowed: a Node"),
        ([node("a", TWICE, TWICE)], "children", "has a child twice"),
        ([node("a", *[node() for _ in range(10_000)])], "nodes", "10001; allowed: 10000"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_there(roots, field, words):
    with pytest.raises(EnqueueError, match=words) as caught:
        flow(*roots)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_a_flow_is_there_if_and_only_if_its_transaction_commits():
    with transaction.atomic():
        flow(node("top", node("a")))
        transaction.set_rollback(True)
    assert (Job.objects.count(), Dependency.objects.count()) == (0, 0)
    assert hints.pop(FREE) == []


def test_a_parent_that_waits_can_be_given_more_children():
    first, parent = node("first"), node("parent")
    parent = node("parent", first)
    ids = flow(parent)
    more = node("more", node("below"))
    added = add_children(ids[parent], [Child(more, "ignore")])
    assert states(added) == {"below": "waiting", "more": "waiting-children"}
    complete(ids[first])
    assert state(ids[parent]) == "waiting-children"
    for one in added.values():
        complete(one)
    assert state(ids[parent]) == "waiting"


@pytest.mark.parametrize(
    ("job_state", "words"), [("waiting", "is waiting"), (None, "is not there")]
)
def test_a_parent_that_does_not_wait_is_given_none(job_state, words):
    job_id = flow(node("parent"))
    job_id = next(iter(job_id.values())) if job_state else 0
    with pytest.raises(EnqueueError, match=f"parent: {words}; allowed: a job that is waiting-chi"):
        add_children(job_id, [node("late")])
    assert not Dependency.objects.exists()


def test_a_flow_without_children_is_plain_jobs():
    assert set(states(flow(node("a"), node("b"))).values()) == {"waiting"}
    assert flow() == {}


def test_the_tree_shows_what_is_below_and_how_it_is():
    shared = node("shared")
    left, right = node("left", shared), node("right", Child(shared, "ignore"))
    ids = flow(node("top", left, right))
    complete(ids[shared])
    top = tree([*ids.values()][-1])
    assert (top.name, top.state, len(top.children)) == ("top", "waiting-children", 2)
    assert [(one.name, one.state) for one in top.children] == [
        ("left", "waiting"),
        ("right", "waiting"),
    ]
    (below,) = top.children[0].children
    assert (below.name, below.state) == ("shared", "completed")
    assert top.children[1].children == [below]
    assert tree(0) is None


def test_the_tree_is_bounded_in_depth_and_size():
    ids = flow(node("top", *[node(str(n), node("below")) for n in range(20)]))
    top = [*ids.values()][-1]
    assert [one.children for one in tree(top, depth=1).children] == [[]] * 20
    shown = tree(top, limit=25).children
    assert (len(shown), sum(len(one.children) for one in shown)) == (20, 5)


def test_removing_a_parent_takes_its_edges():
    child, parent = node("child"), None
    parent = node("parent", Child(child, "continue"), node("other"))
    ids = flow(parent)
    control.cancel(ids[child])
    assert state(ids[parent]) == "waiting"
    control.remove(ids[parent])
    assert not Dependency.objects.exists()
    assert children(ids[parent]) == []


def test_the_pure_names_of_the_policies_are_the_columns():
    assert tuple(OnFailure.values) == ON_FAILURE
