"""Flows over real workers, one of which is killed."""

from __future__ import annotations

import signal

import pytest

from queues.batches import batch, progress
from queues.flows import Node, flow
from queues.models import Dependency, Job
from tests.flow_jobs import Double, Gather, Spread, SpreadApart
from tests.jobs import QUEUE, Act, Note, Notify, lines
from tests.wait import until

pytestmark = pytest.mark.acceptance
CHILDREN = 1000


def test_a_thousand_children_over_three_workers_one_of_which_is_killed(
    start_worker, tmp_path, wait_for
):
    path, ledger = tmp_path / "gathered", str(tmp_path / "children")
    some = [Node(Note(path=ledger, text=str(n), seconds=0.03)) for n in range(CHILDREN // 2)]
    others = [Node(Double(number=n)) for n in range(CHILDREN // 2)]
    parent = Node(Gather(path=str(path)), {}, [*others, *some])
    workers = [start_worker("--slots", f"{QUEUE}=4").ready() for _ in range(3)]
    ids = flow(parent)

    def ended():
        return Dependency.objects.filter(state="completed").count()

    until(lambda: ended() > CHILDREN // 2 + 50, seconds=60, what="half of the children to end")
    workers[0].signal(signal.SIGKILL)
    assert ended() < CHILDREN
    until(lambda: lines(path), seconds=60, what="the parent to run")
    done = wait_for(Job(pk=ids[parent]), "completed")
    assert lines(path) == [f"gathered {CHILDREN}"]
    assert (done.attempt, done.token) == (1, 1)
    assert Dependency.objects.filter(state="completed", result__isnull=False).count() == CHILDREN


@pytest.mark.parametrize("kind", [Spread, SpreadApart])
def test_a_handler_spreads_its_work_and_gathers_it(start_worker, wait_for, kind):
    start_worker().ready()
    (job_id,) = flow(Node(kind(numbers=20))).values()
    done = wait_for(Job(pk=job_id), "completed", seconds=30)
    assert (done.result, done.attempt, done.token) == (380, 1, 2)


def test_a_flow_of_five_levels_runs_from_the_bottom_to_the_top(start_worker, tmp_path, wait_for):
    start_worker().ready()
    path = str(tmp_path / "ledger")
    shared = Node(Note(path=path, text="shared"))
    one = Node(Note(path=path, text="0"), {}, [shared])
    for n in range(1, 5):
        one = Node(Note(path=path, text=str(n)), {}, [one, shared])
    ids = flow(one)
    wait_for(Job(pk=ids[one]), "completed")
    began = [line.split()[1] for line in lines(path) if line.startswith("start")]
    assert began == ["shared", "0", "1", "2", "3", "4"]


def test_what_follows_a_batch_follows_once_though_workers_are_killed(start_worker, tmp_path):
    path, ledger = str(tmp_path / "follows"), str(tmp_path / "jobs")
    jobs = [Note(path=ledger, text=str(n), seconds=0.02) for n in range(300)]
    batch_id = batch(
        [*jobs, Act(what="fail")],
        name="sweep",
        on_done=Notify(path=path, text="done"),
        on_success=Notify(path=path, text="success"),
        on_failure=Notify(path=path, text="failure"),
    )
    workers = [start_worker("--slots", f"{QUEUE}=4").ready() for _ in range(2)]
    until(lambda: progress(batch_id).completed > 100, seconds=60, what="a third of the jobs")
    workers[0].signal(signal.SIGKILL)
    start_worker("--slots", f"{QUEUE}=4").ready()
    until(lambda: "done" in lines(path), seconds=60, what="the end of the batch")
    found = progress(batch_id)
    assert (found.completed, found.failed, found.fraction) == (300, 1, 1)
    assert sorted(lines(path)) == ["done", "failure"]
