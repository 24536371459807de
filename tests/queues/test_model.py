"""Random events against a model of one job, and against the database, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queues import control, leases
from queues.claims import claim_ids
from queues.conf import MAX_CRASHES
from queues.control import ControlError
from queues.enqueue import enqueue
from queues.maintenance import promote, rescue
from queues.models import Attempt, Job, Worker
from queues.settlement import Verdict
from queues.states import FINISHED, LIVE, TRANSITIONS, Event, State
from queues.trouble import Trouble
from tests import settling
from tests.jobs import QUEUE, Act
from tests.rows import let_leases_run_out

ATTEMPTS = 2
FREE = {QUEUE: 10}
TROUBLE = Trouble(error_class="E", message="m")


@dataclass
class Model:
    """What one job should be like, by the table of docs/state_machine.md."""

    state: State = State.WAITING
    attempt: int = 0
    token: int = 0
    crashes: int = 0

    def promote(self):
        if self.state is State.DELAYED:
            self.state = State.WAITING

    def claim(self):
        if self.state is State.WAITING:
            self.state = State.ACTIVE
            self.attempt += 1
            self.token += 1

    def _end(self, state):
        if self.state is State.ACTIVE:
            self.state = state

    def _give_back(self, state):
        if self.state is State.ACTIVE:
            self.attempt -= 1
            self.state = state

    def return_(self):
        self._end(State.COMPLETED)

    def _end_well(self):
        """Crashes are counted in a row."""
        if self.state is State.ACTIVE:
            self.crashes = 0

    def raise_(self):
        self._end_well()
        self._end(State.FAILED if self.attempt >= ATTEMPTS else State.DELAYED)

    def give_up(self):
        self._end_well()
        self._end(State.FAILED)

    def snooze(self):
        self._end_well()
        self._give_back(State.DELAYED)

    def hand_back(self):
        self._give_back(State.WAITING)

    def crash(self):
        if self.state is State.ACTIVE:
            is_last = self.crashes >= MAX_CRASHES
            self._give_back(State.FAILED if is_last else State.WAITING)
            self.crashes += 1
            self.token += 1

    def cancel(self):
        if self.state in LIVE:
            self.state = State.CANCELLED
            self.token += 1

    def retry(self):
        if self.state in FINISHED:
            self.state, self.attempt, self.crashes = State.WAITING, 0, 0


METHODS = {Event.RETURN: "return_", Event.RAISE: "raise_"}


class Engine:
    """The same events, done to the database by whoever does them in earnest."""

    def __init__(self, delay):
        self.job = enqueue(Act(what="return"), attempts=ATTEMPTS, backoff=60_000, delay=delay)
        self.stale = None
        self.claimed = None

    def apply(self, event):
        if self.claimed is None and event in SETTLINGS:
            return
        getattr(self, METHODS.get(event, event.name.lower()))()

    def row(self):
        return Job.objects.values().get(pk=self.job.pk)

    def promote(self):
        Job.objects.filter(state=State.DELAYED).update(run_at=Now() - timedelta(seconds=1))
        promote.run_once()

    def claim(self):
        worker_id = leases.register("one", FREE, version="1")
        for claim in claim_ids(worker_id, [self.job.pk], FREE):
            self.stale, self.claimed = self.claimed, claim

    def return_(self):
        settling.complete(self.claimed, None)

    def raise_(self):
        settling.fail_attempt(self.claimed, TROUBLE)

    def give_up(self):
        settling.give_up(self.claimed, TROUBLE)

    def snooze(self):
        settling.snooze(self.claimed, 60)

    def hand_back(self):
        for worker_id in Worker.objects.values_list("pk", flat=True):
            leases.hand_back(worker_id)

    def crash(self):
        let_leases_run_out()
        rescue.run_once()

    def _verb(self, verb):
        try:
            verb(self.job.pk)
        except ControlError:
            return

    def cancel(self):
        self._verb(control.cancel)

    def retry(self):
        self._verb(control.retry)


SETTLINGS = {Event.RETURN, Event.RAISE, Event.GIVE_UP, Event.SNOOZE}
# Claims come often, or most sequences would never see a running job.
# What flows do to parents is tested with flows, and undoing with operations.
FLOWS = {Event.WAIT, Event.RELEASE, Event.FAIL_CHILD, Event.REOPEN}
UNDOING = {Event.UNDO_CANCEL, Event.UNDO_PROMOTE}
ALONE = [event for event in Event if event not in FLOWS | UNDOING]
EVENTS = st.lists(st.sampled_from([*ALONE, *[Event.CLAIM] * 6]), max_size=25)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS, delay=st.sampled_from([0, 60]))
def test_any_events_in_any_order_leave_the_job_as_the_table_says(events, delay):
    Job.objects.all().delete()
    Worker.objects.all().delete()
    model, engine = Model(state=State.DELAYED if delay else State.WAITING), Engine(delay)
    for event in events:
        before, was, tries = engine.row(), model.state, Attempt.objects.count()
        getattr(model, METHODS.get(event, event.name.lower()))()
        engine.apply(event)
        job = Job.objects.get(pk=engine.job.pk)
        assert job.token >= before["token"]
        if was not in TRANSITIONS[event][0]:
            assert engine.row() == before, event
            assert Attempt.objects.count() == tries, event
        found = (job.state, job.attempt, job.token, job.crashes)
        assert found == (model.state, model.attempt, model.token, model.crashes), event
        assert (job.worker_id is not None) == (job.state == State.ACTIVE)
        assert (job.finished_at is not None) == (job.state in FINISHED)
        if engine.stale is not None:
            assert settling.complete(engine.stale, "stale") is Verdict.LOST
