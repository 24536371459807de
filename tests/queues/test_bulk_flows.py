"""Verbs for many jobs, and those that wait for these jobs."""

from __future__ import annotations

import pytest

from queues import bulk, failures
from queues.filters import parse
from queues.flows import Child, flow
from queues.models import Job
from tests.flowing import edges, node, state, states
from tests.operating import carry_out

pytestmark = pytest.mark.django_db(transaction=True)


def do(verb, *ids):
    return carry_out(bulk.begin(verb, parse({"ids": ",".join(map(str, ids))}), None))


@pytest.mark.parametrize(("verb", "seen"), [("cancel", "cancelled"), ("remove", "removed")])
@pytest.mark.parametrize(("policy", "after"), [("fail", "failed"), ("ignore", "waiting")])
def test_parents_hear_of_children_that_were_ended_together(verb, seen, policy, after):
    children = [Child(node(str(n)), policy) for n in range(3)]
    ids = flow(parent := node("parent", *children))
    below = [ids[child.node] for child in children]
    do(verb, *below)
    assert edges(ids[parent]) == [(id_, seen) for id_ in below]
    assert state(ids[parent]) == after


def test_a_parent_that_waits_is_passed_over_when_jobs_are_removed():
    ids = flow(parent := node("parent", child := node("child")))
    operation = do("remove", ids[parent])
    assert (operation.done, operation.passed_over) == (0, 1)
    assert states(ids) == {"parent": "waiting-children", "child": "waiting"}
    assert child in ids


def test_retrying_failed_children_together_resumes_the_flow():
    ids = flow(parent := node("parent", first := node("first"), second := node("second")))
    do("cancel", ids[first], ids[second])
    assert state(ids[parent]) == "failed"
    do("retry", ids[first], ids[second])
    assert states(ids) == {"parent": "waiting-children", "first": "waiting", "second": "waiting"}
    assert {one for _, one in edges(ids[parent])} == {"pending"}


def test_undoing_a_cancel_lets_parents_wait_again():
    ids = flow(parent := node("parent", child := node("child")))
    operation = do("cancel", ids[child])
    assert state(ids[parent]) == "failed"
    carry_out(bulk.undo(operation.pk))
    assert states(ids) == {"parent": "waiting-children", "child": "waiting"}
    assert edges(ids[parent]) == [(ids[child], "pending")]


def test_retrying_a_group_of_failures_resumes_the_flow():
    ids = flow(parent := node("parent", child := node("child")))
    do("cancel", ids[child])
    Job.objects.filter(pk=ids[child]).update(state="failed", fingerprint="f" * 16)
    failures.FailureGroup.objects.create(
        fingerprint="f" * 16, first_seen="2026-01-01T00:00Z", last_seen="2026-01-01T00:00Z"
    )
    assert carry_out(failures.retry_group("f" * 16)).done == 1
    assert states(ids) == {"parent": "waiting-children", "child": "waiting"}
    assert edges(ids[parent]) == [(ids[child], "pending")]


def test_undoing_the_cancel_of_a_parent_heeds_what_became_of_its_children():
    ids = flow(parent := node("parent", child := node("child"), other := node("other")))
    operation = do("cancel", ids[parent])
    do("cancel", ids[child])
    carry_out(bulk.undo(operation.pk))
    assert state(ids[parent]) == "failed"
    assert other in ids


def test_undoing_the_cancel_of_a_parent_whose_children_have_ended_lets_it_run():
    ids = flow(parent := node("parent", Child(child := node("child"), "ignore")))
    operation = do("cancel", ids[parent])
    do("cancel", ids[child])
    carry_out(bulk.undo(operation.pk))
    assert state(ids[parent]) == "waiting"
