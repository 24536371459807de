"""Groups of failures, and which code ran each attempt."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from queues import control, failures, leases
from queues.audit import Door, acting_as
from queues.claims import claim_ids
from queues.conf import MAX_CRASHES
from queues.database import fetch
from queues.endings import Raised, Refused, Returned, Snoozed, TimedOut, crash_of
from queues.enqueue import enqueue, enqueue_many
from queues.failures import NoGroupError, retry_group
from queues.maintenance import prune, rescue, timeouts
from queues.models import Attempt, AuditEntry, FailureGroup, Job
from queues.settle import settle
from queues.settlement import settlement_of
from queues.testing import run_job
from queues.transport import hints
from queues.trouble import Trouble
from tests.jobs import QUEUE, Act
from tests.operating import carry_out
from tests.rows import let_leases_run_out
from tests.settling import end, fail_attempt
from tests.threads import together
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
FREE = {QUEUE: 1000}
HERE = Trouble(error_class="ValueError", message="here", place="app.here")
THERE = Trouble(error_class="ValueError", message="there", place="app.there")


def claimed(count=1, *, version="v1", **options):
    ids = enqueue_many([(Act(what="return"), options)] * count)
    return sorted(claim_ids(leases.register("one", FREE, version=version), ids, FREE))


def failed(count=1, trouble=HERE, **options):
    """Jobs that failed for good, in one batch."""
    claims = claimed(count, **options)
    settle([settlement_of(claim, Refused(trouble=trouble)) for claim in claims])
    return [claim.id for claim in claims]


def counts():
    return dict(FailureGroup.objects.values_list("message", "count"))


def test_a_handlers_error_is_grouped_by_kind_class_and_function():
    job = run_job(enqueue(Act(what="raise", text="no luck"), attempts=1))
    run_job(enqueue(Act(what="raise", text="again no luck"), attempts=1))
    (group,) = failures.groups()
    assert (group.kind, group.error_class, group.place) == (
        "tests.act", "ValueError", "tests.jobs.act"
    )  # fmt: skip
    assert (group.message, group.count, group.failed_now) == ("again no luck", 2, 2)
    assert str(group) == "ValueError in tests.jobs.act"
    assert group.pk == job.fingerprint == job.attempts.get().fingerprint
    assert group.first_seen < group.last_seen


def test_a_batch_of_a_hundred_is_counted_group_by_group():
    claims = claimed(100, attempts=5)
    kinds = [Raised(trouble=HERE), Raised(trouble=THERE), TimedOut(), Snoozed(seconds=5),
             Returned("1")]  # fmt: skip
    endings = [kinds[number % 5] for number in range(100)]
    settle([settlement_of(*pair) for pair in zip(claims, endings, strict=True)])
    late = "The attempt ran longer than the job's timeout."
    assert counts() == {"here": 20, "there": 20, late: 20}
    assert Attempt.objects.count() == 80
    assert Attempt.objects.filter(outcome="snoozed", fingerprint="").count() == 20


def test_only_what_was_ours_to_settle_is_counted():
    mine, lost = claimed(2)
    Job.objects.filter(pk=lost.id).update(token=99)
    settle([settlement_of(one, Refused(trouble=HERE)) for one in (mine, lost)])
    assert counts() == {"here": 1}


def test_a_group_keeps_its_first_version_and_shows_its_last():
    for version in ("v1", "v2", "v3"):
        failed(version=version)
    group = FailureGroup.objects.get()
    assert (group.first_version, group.last_version, group.count) == ("v1", "v3", 3)


def test_a_group_is_what_a_job_last_failed_with_even_after_a_snooze():
    (claim,) = claimed(attempts=3)
    fail_attempt(claim, HERE, wait_ms=0)
    (again,) = claim_ids(leases.register("two", FREE, version="v2"), [claim.id], FREE)
    end(again, Snoozed(seconds=9))
    assert Job.objects.get().fingerprint == HERE.fingerprint("tests.act")


def test_two_settlers_with_their_groups_in_opposite_order_wait_for_no_ring():
    troubles = [
        Trouble(error_class="E", message=str(number), place=f"app.f{number}")
        for number in range(40)
    ]
    for _ in range(5):
        one, other = claimed(40, attempts=1), claimed(40, attempts=1)
        batches = [
            [settlement_of(*pair) for pair in zip(one, map(refused, troubles), strict=True)],
            [
                settlement_of(*pair)
                for pair in zip(other, map(refused, troubles[::-1]), strict=True)
            ],
        ]
        together(*(lambda batch=batch: settle(batch) for batch in batches))
    assert set(counts().values()) == {10}


def refused(trouble):
    return Refused(trouble=trouble)


def test_a_settler_that_waited_for_another_has_seen_the_group_last():
    first, second = claimed(2, attempts=1)
    is_held = threading.Event()

    def hold():
        with transaction.atomic():
            end(first, Refused(trouble=HERE))
            is_held.set()
            until(lambda: fetch("SELECT FROM pg_locks WHERE NOT granted", {}), what="the other")
            return fetch("SELECT clock_timestamp()", {})[0][0]

    def follow():
        assert is_held.wait(10)
        end(second, Refused(trouble=HERE))

    released_at, _ = together(hold, follow)
    group = FailureGroup.objects.get()
    assert group.count == 2
    assert group.first_seen < released_at < group.last_seen


def by_exception(claim):
    end(claim, Raised(trouble=HERE))


def by_refusal(claim):
    end(claim, Refused(trouble=HERE))


def by_snooze(claim):
    end(claim, Snoozed(seconds=5))


def by_timeout(claim):
    Job.objects.update(started_at=F("started_at") - timedelta(hours=1))
    assert timeouts.run_once() == 1


def by_crash_of_its_process(claim):
    end(claim, crash_of(claim, "it exited with 3"))


def by_crash_of_its_worker(claim):
    let_leases_run_out()
    assert rescue.run_once() == 1


def by_cancellation(claim):
    control.cancel(claim.id)


@pytest.mark.parametrize(
    ("way", "outcome", "error_class", "is_grouped"),
    [
        (by_exception, "failed", "ValueError", True),
        (by_refusal, "failed", "ValueError", True),
        (by_snooze, "snoozed", "", False),
        (by_timeout, "timed out", "TimeoutError", True),
        (by_crash_of_its_process, "crashed", "ProcessDied", True),
        (by_crash_of_its_worker, "crashed", "WorkerLost", True),
        (by_cancellation, "cancelled", "", False),
    ],
)
def test_every_attempt_says_which_code_ran_it_and_every_failure_is_grouped(
    way, outcome, error_class, is_grouped
):
    (claim,) = claimed(version="2026-11-24", timeout=60)
    way(claim)
    attempt, job = Attempt.objects.get(), Job.objects.get()
    assert (attempt.outcome, attempt.error_class) == (outcome, error_class)
    assert (attempt.code_version, job.code_version) == ("2026-11-24", "2026-11-24")
    assert job.fingerprint == attempt.fingerprint
    found = FailureGroup.objects.values_list("pk", "error_class", "kind", "count", "last_version")
    expected = (attempt.fingerprint, error_class, "tests.act", 1, "2026-11-24")
    assert list(found) == ([expected] if is_grouped else [])
    assert bool(attempt.fingerprint) == is_grouped


@pytest.mark.parametrize("ending", [Returned("1"), None])
def test_what_leaves_no_attempt_says_it_on_the_job(ending):
    (claim,) = claimed(version="v7")
    if ending:
        end(claim, ending)
    else:
        leases.hand_back(Job.objects.get().worker_id)
    job = Job.objects.get()
    assert (job.state, job.code_version) == ("completed" if ending else "waiting", "v7")
    assert not Attempt.objects.exists()


def test_jobs_that_died_together_are_in_no_group():
    claimed(3)
    let_leases_run_out()
    assert rescue.run_once() == 3
    assert set(Attempt.objects.values_list("outcome", "fingerprint")) == {("worker lost", "")}
    assert not FailureGroup.objects.exists()


def test_jobs_that_died_alone_are_counted_kind_by_kind():
    for _ in range(3):
        claimed()
    Job.objects.filter(pk=Job.objects.first().pk).update(kind="tests.other")
    let_leases_run_out()
    assert rescue.run_once() == 3
    found = FailureGroup.objects.order_by("kind").values_list("kind", "error_class", "count")
    assert list(found) == [("tests.act", "WorkerLost", 2), ("tests.other", "WorkerLost", 1)]


def test_a_job_that_crashed_too_often_is_a_failed_one_of_its_group():
    (claim,) = claimed()
    Job.objects.update(crashes=MAX_CRASHES)
    by_crash_of_its_worker(claim)
    job = Job.objects.get()
    assert (job.state, job.error_class) == ("failed", "WorkerLost")
    assert retry_group(job.fingerprint).total == 1


def test_the_failed_jobs_of_a_group_wait_again_and_no_others():
    mine, others = failed(3), failed(2, THERE)
    claimed(attempts=3)
    (delayed,) = claimed(attempts=3, backoff=60_000)
    fail_attempt(delayed, HERE)
    hints.pop(FREE)
    fingerprint = Job.objects.get(pk=mine[0]).fingerprint
    with acting_as("ada", Door.CLI, "it is mended"):
        operation = retry_group(fingerprint)
    assert (operation.verb, operation.total, operation.actor) == ("retry", 3, "ada")
    hints.pop(FREE)
    carry_out(operation)
    assert hints.pop(FREE) == mine
    again = Job.objects.filter(pk__in=mine, state="waiting").order_by("pk")
    found = again.values_list("pk", "attempt", "error_class", "cause", "finished_at")
    assert list(found) == [(id_, 0, "", "", None) for id_ in mine]
    assert set(Job.objects.filter(state="failed").values_list("pk", flat=True)) == set(others)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.count) == ("ada", "retry", 3)
    assert entry.target["filter"] == {"state": "failed", "fingerprint": fingerprint}
    group = failures.groups().get(pk=fingerprint)
    assert (group.count, group.failed_now) == (4, 0)


def test_there_is_no_such_group():
    with pytest.raises(NoGroupError, match="no group of failures 'nonsense'"):
        retry_group("nonsense")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("days", "has_failed_job", "stays"), [(91, False, False), (89, False, True), (91, True, True)]
)
def test_groups_that_nobody_saw_for_long_are_forgotten_unless_jobs_are_left(
    days, has_failed_job, stays
):
    (id_,) = failed()
    FailureGroup.objects.update(last_seen=Now() - timedelta(days=days))
    if not has_failed_job:
        control.retry(id_)
    prune.run_newest()
    assert FailureGroup.objects.count() == 1
    assert prune.run_once() == 0
    assert FailureGroup.objects.exists() == stays


def test_a_message_is_kept_as_it_is_shown():
    text = json.dumps({"odd": "ä\n%s"})
    failed(trouble=Trouble(error_class="E", message=text, place="app.f"))
    assert FailureGroup.objects.get().message == text
