from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from queues import control, leases, metrics
from queues.claims import claim_ids
from queues.conf import parse_queue
from queues.control import NoJobError
from queues.enqueue import enqueue
from queues.execution import execute
from queues.keep import Keep, KeepError, parse_keep
from queues.maintenance import prune
from queues.models import Attempt, Effect, Job, LogLine, Metric
from queues.recorder import AttemptRecorder
from queues.unique import Mode, Unique
from tests.jobs import QUEUE, Act
from tests.threads import in_thread, together

ACT = Act(what="return")


def finished(state, number, *, seconds_ago=0, **options):
    ids = [enqueue(ACT, **options).pk for _ in range(number)]
    when = Now() - timedelta(seconds=seconds_ago)
    Job.objects.filter(pk__in=ids).update(state=state, finished_at=when)
    return set(ids)


def left():
    return set(Job.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("value", "keep"),
    [
        (True, Keep(count=0)),
        (False, Keep(count=-1)),
        (0, Keep(count=0)),
        (7, Keep(count=7)),
        ({"age": 60}, Keep(age=60)),
        ({"count": 5, "age": 60}, Keep(count=5, age=60)),
        (Keep(count=3), Keep(count=3)),
    ],
)
def test_bullmqs_forms_are_read(value, keep):
    assert parse_keep(value) == keep


@pytest.mark.parametrize(
    "value", [-1, "5", 1.5, {"count": -2}, {"age": -1}, {"age": True}, {"limit": 5}, [5]]
)
def test_other_forms_are_refused(value):
    with pytest.raises(KeepError):
        parse_keep(value)


def test_a_queue_may_keep_by_age():
    assert parse_queue("mail", {"keep_failed": {"age": 9}}).keep_failed == Keep(age=9)


@pytest.mark.django_db(transaction=True)
class TestPruning:
    def test_each_state_has_a_count_of_its_own(self, settings):
        settings.QUEUES = {
            QUEUE: {"keep_completed": 2, "keep_failed": False, "keep_cancelled": {"count": 1}}
        }
        for state in ("completed", "failed", "cancelled"):
            finished(state, 4)
        prune.run_once()
        counts = {
            s: Job.objects.filter(state=s).count() for s in ("completed", "failed", "cancelled")
        }
        assert counts == {"completed": 2, "failed": 4, "cancelled": 1}

    def test_what_is_too_old_goes_although_there_is_room(self, settings):
        settings.QUEUES = {QUEUE: {"keep_completed": {"count": 10, "age": 60}}}
        finished("completed", 3, seconds_ago=61)
        young = finished("completed", 2, seconds_ago=30)
        assert prune.run_once() == 3
        assert left() == young

    def test_a_jobs_own_age_wins(self, settings):
        settings.QUEUES = {QUEUE: {"keep_completed": {"age": 60}}}
        kept = finished("completed", 1, seconds_ago=500, keep_completed={"age": 1000})
        finished("completed", 1, seconds_ago=20, keep_completed={"age": 10})
        prune.run_once()
        assert left() == kept

    @pytest.mark.parametrize("keep", [False, 5, {"count": 5}])
    def test_a_jobs_own_retention_stands_for_all_of_its_queues(self, settings, keep):
        settings.QUEUES = {QUEUE: {"keep_completed": {"age": 60}, "keep_failed": {"age": 60}}}
        kept = finished("completed", 1, seconds_ago=500, keep_completed=keep)
        kept |= finished("failed", 1, seconds_ago=500, keep_failed=keep)
        finished("completed", 1, seconds_ago=500)
        assert prune.run_once() == 1
        assert left() == kept

    def test_a_key_that_is_still_held_keeps_its_job_until_then(self):
        throttle = Unique(key="k", mode=Mode.THROTTLE, ttl=60)
        held = finished("completed", 1, keep_completed=True, unique=throttle)
        assert prune.run_once() == 0
        assert left() == held
        Job.objects.update(unique_until=Now() - timedelta(seconds=1))
        assert prune.run_once() == 1

    def test_a_retry_saves_a_job_from_a_pruner_at_the_same_moment_or_comes_too_late(self):
        for _ in range(10):
            (job_id,) = finished("failed", 1, keep_failed=0)

            def retry(job_id=job_id):
                try:
                    return control.retry(job_id)
                except NoJobError:
                    return None

            retried, pruned = together(retry, prune.run_once)
            assert (retried is None) == (pruned == 1)
            assert Job.objects.filter(pk=job_id, state="waiting").exists() == (pruned == 0)

    def test_true_removes_at_once_and_false_keeps_all(self):
        for keep, count in ((True, 0), (False, 1)):
            job = enqueue(ACT, keep_completed=keep)
            worker_id = leases.register("one", {QUEUE: 4}, version="1")
            (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
            in_thread(lambda c=claim: execute(c, AttemptRecorder(c)))
            assert Job.objects.filter(pk=job.pk).count() == count
        finished("completed", 30)
        prune.run_once()
        assert job.pk in left()

    def test_all_that_was_kept_of_a_job_goes_along_and_its_metrics_stay(self):
        (job_id,) = finished("completed", 1, keep_completed=0)
        LogLine.objects.create(job_id=job_id, token=1, text="x")
        Effect.objects.create(job_id=job_id, key="k")
        Attempt.objects.create(
            job_id=job_id, number=1, token=1, outcome="failed", started_at=Now(), finished_at=Now()
        )
        metrics.count(QUEUE, "tests.act", "completed")
        metrics.run_once()
        assert prune.run_once() == 1
        assert not LogLine.objects.exists()
        assert not Effect.objects.exists()
        assert not Attempt.objects.exists()
        assert Metric.objects.get().completed == 1

    def test_two_pruners_at_once_delete_each_job_once(self):
        finished("completed", 60)
        assert sum(together(prune.run_once, prune.run_once)) == 50
        assert len(left()) == 10
