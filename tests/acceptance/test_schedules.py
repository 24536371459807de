"""Three real workers, one schedule, and a ledger that Postgres keeps of its ticks."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from django.db import connection

from queues.models import Job, Schedule
from queues.schedules import upsert
from tests.jobs import Note, lines
from tests.wait import until

pytestmark = pytest.mark.acceptance

TICKS = 60
BEGIN = """
CREATE TABLE ledger (place bigserial PRIMARY KEY, tick timestamptz, job_id bigint, at timestamptz);
CREATE FUNCTION write_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'queues_job' THEN
        INSERT INTO ledger (job_id, at) VALUES (NEW.id, clock_timestamp());
    ELSE
        INSERT INTO ledger (tick, job_id, at)
        VALUES (OLD.next_at, NEW.last_job_id, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER write_ledger AFTER INSERT ON queues_job
FOR EACH ROW EXECUTE FUNCTION write_ledger();
CREATE TRIGGER write_ledger AFTER UPDATE OF next_at ON queues_schedule
FOR EACH ROW EXECUTE FUNCTION write_ledger();
"""
END = """
DROP TRIGGER IF EXISTS write_ledger ON queues_job;
DROP TRIGGER IF EXISTS write_ledger ON queues_schedule;
DROP FUNCTION IF EXISTS write_ledger;
DROP TABLE IF EXISTS ledger;
"""


def run(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def ledger(transactional_db):
    run(END + BEGIN)
    yield
    run(END)


def test_each_tick_makes_exactly_one_job_whatever_happens_to_the_workers(
    ledger, start_worker, tmp_path
):
    workers = [start_worker() for _ in range(3)]
    for worker in workers:
        worker.ready()
    path = tmp_path / "notes"
    schedule = upsert("each-second", Note(path=str(path)), every=1, overlap="allow", limit=TICKS)

    def made(number):
        return lambda: Schedule.objects.filter(pk=schedule.pk, ticks__gte=number).exists()

    until(made(TICKS // 2), seconds=45, what="half of the ticks")
    workers[0].signal(signal.SIGKILL)
    start_worker()
    until(made(TICKS), seconds=45, what="all ticks")
    until(lambda: not Job.objects.filter(finished_at=None).exists(), what="all jobs to end")

    ticks = run("SELECT tick, job_id, at FROM ledger WHERE tick IS NOT NULL ORDER BY place")
    jobs = run("SELECT job_id FROM ledger WHERE tick IS NULL ORDER BY place")
    expected = [schedule.created_at + timedelta(seconds=n) for n in range(TICKS)]
    assert [tick for tick, _, _ in ticks] == expected
    assert [job_id for _, job_id, _ in ticks] == [job_id for (job_id,) in jobs]
    assert len({job_id for (job_id,) in jobs}) == TICKS
    late = sorted((at - tick).total_seconds() for tick, _, at in ticks)
    assert late[0] >= 0
    assert late[TICKS // 2] < 0.3
    # A job may run twice, when its worker is killed; none runs never.
    assert lines(path).count("end ") >= TICKS


def test_a_schedule_that_was_left_alone_for_an_hour_is_made_up_for_once_and_goes_on(
    start_worker, tmp_path
):
    schedule = upsert("each-second", Note(path=str(tmp_path / "notes")), every=1, limit=5)
    behind = schedule.created_at - timedelta(hours=1)
    Schedule.objects.update(created_at=behind, next_at=behind)
    start_worker().ready()
    # One for the hour that is gone, four for the seconds that follow.
    done = until(Schedule.objects.filter(ticks=5).first, what="all ticks")
    assert (done.next_at, done.last_error) == (None, "")
    assert Job.objects.filter(schedule_id=schedule.pk).count() == 5
