"""A child that is tried again resumes its flow."""

from __future__ import annotations

import pytest

from queues import control
from queues.flows import Child, flow
from queues.models import Job
from tests.flowing import ENDINGS, complete, edges, give_up, node, state, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_retrying_the_child_resumes_the_flow(ending):
    child, other = node("child"), node("other")
    parent = node("parent", child, other)
    top = node("top", parent)
    ids = flow(top)
    complete(ids[other], 1)
    ENDINGS[ending](ids[child])
    assert states(ids)["top"] == "failed"
    control.retry(ids[child])
    assert (state(ids[parent]), state(ids[top])) == ("waiting-children", "waiting-children")
    assert edges(ids[parent]) == [(ids[child], "pending"), (ids[other], "completed")]
    reopened = Job.objects.get(pk=ids[parent])
    assert (reopened.cause, reopened.error_message, reopened.finished_at) == ("", "", None)
    complete(ids[child])
    complete(ids[parent])
    assert state(ids[top]) == "waiting"


def test_a_parent_that_another_child_failed_too_stays_failed_until_both_are_retried():
    first, second = node("first"), node("second")
    parent = node("parent", first, second)
    ids = flow(parent)
    give_up(ids[first])
    give_up(ids[second])
    control.retry(ids[first])
    assert state(ids[parent]) == "failed"
    complete(ids[first])
    assert state(ids[parent]) == "failed"
    control.retry(ids[second])
    assert state(ids[parent]) == "waiting-children"
    complete(ids[second])
    assert state(ids[parent]) == "waiting"


def test_a_parent_that_ignores_failures_waits_for_the_retried_child_again():
    child, other = node("child"), node("other")
    parent = node("parent", Child(child, "ignore"), other)
    ids = flow(parent)
    give_up(ids[child])
    control.retry(ids[child])
    complete(ids[other])
    assert state(ids[parent]) == "waiting-children"
    complete(ids[child], 2)
    assert state(ids[parent]) == "waiting"


def test_a_parent_that_has_begun_keeps_what_it_was_told():
    child = node("child")
    parent = node("parent", Child(child, "ignore"))
    ids = flow(parent)
    give_up(ids[child])
    control.retry(ids[child])
    complete(ids[child])
    assert state(ids[parent]) == "waiting"
    assert edges(ids[parent]) == [(ids[child], "failed")]


def test_a_parent_that_failed_by_itself_is_not_reopened():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    complete(ids[child])
    give_up(ids[parent])
    control.retry(ids[child])
    assert state(ids[parent]) == "failed"


def test_an_operator_may_run_a_failed_parent_without_its_child():
    child = node("child")
    parent = node("parent", child)
    ids = flow(parent)
    give_up(ids[child])
    control.retry(ids[parent])
    complete(ids[parent])
    assert state(ids[parent]) == "completed"
