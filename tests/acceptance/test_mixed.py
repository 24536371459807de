"""Two workers, three queues, two thousand jobs of every sort: each ends where it should."""

from __future__ import annotations

from collections import Counter

import pytest

from queues import control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Attempt, Job, Metric
from queues.states import FINISHED
from queues.stats import queue_counts
from tests.jobs import QUEUE, Act, Note, Notify, Unregistered, lines
from tests.journal import Journal
from tests.life_jobs import Apart, Careful, Doze, Linger
from tests.wait import until

pytestmark = pytest.mark.acceptance
KEEP = {"keep_completed": False, "keep_failed": False}


def plain(path):
    return [(Note(path=path, text=f"plain-{n}"), KEEP) for n in range(900)]


def mixed(path):
    """Return what is enqueued in bulk, by how it should end."""
    ledger = str(path)
    return {
        "completed": [
            *plain(ledger),
            *[
                (Note(path=ledger, text=f"low-{n}"), {**KEEP, "priority": n % 7})
                for n in range(200)
            ],
            *[
                (Note(path=ledger, text=f"late-{n}"), {**KEEP, "delay": n / 100})
                for n in range(200)
            ],
            *[(Notify(path=ledger, text=f"mail-{n}"), KEEP) for n in range(200)],
            *[(Doze(path=ledger, text=f"doze-{n}"), KEEP) for n in range(150)],
        ],
        "failed": [
            *[(Act(what="raise"), {**KEEP, "attempts": 2, "backoff": 200}) for _ in range(100)],
            *[(Act(what="fail"), KEEP) for _ in range(50)],
            *[(Careful(error="value"), KEEP) for _ in range(30)],
            *[
                (Linger(path=str(path) + "-l", seconds=60), {**KEEP, "timeout": 2})
                for _ in range(15)
            ],
            *[(Apart(what="exit"), KEEP) for _ in range(5)],
        ],
    }


@pytest.fixture
def journal(transactional_db):
    with Journal() as journal:
        yield journal


def test_two_thousand_mixed_jobs_each_end_where_they_should(
    start_worker, tmp_path, admin_client, journal
):
    path = tmp_path / "ledger"
    jobs = mixed(path)
    ids = {state: enqueue_many(items) for state, items in jobs.items()}
    doomed = enqueue_many([(Act(what="return"), {"delay": 3600}) for _ in range(135)])
    running = [
        enqueue(Linger(path=str(tmp_path / f"run-{n}"), seconds=60), **KEEP) for n in range(15)
    ]
    total = sum(map(len, ids.values())) + len(doomed) + len(running)
    assert total == 2000
    for _ in range(2):
        start_worker("--slots", f"{QUEUE}=40")
    for job_id in doomed:
        control.cancel(job_id)
    for n, job in enumerate(running):
        until(lambda n=n: lines(tmp_path / f"run-{n}"), seconds=40, what="a job to run")
        control.cancel(job.pk)
    ids["cancelled"] = [*doomed, *[job.pk for job in running]]

    def left():
        return Job.objects.exclude(state__in=FINISHED).count()

    until(lambda: not left(), seconds=90, what="every job to end")
    for state, expected in ids.items():
        found = Job.objects.filter(pk__in=expected).values_list("state", flat=True)
        assert Counter(found) == {state: len(expected)}
    journal.check(Job.objects.values_list("pk", flat=True))
    check_effects(path)
    check_attempts()
    check_counts(admin_client)


def check_effects(path):
    """Each completed job has done what it does, and once, for nothing has crashed a worker."""
    words = Counter(line for line in lines(path) if not line.startswith("end"))
    names = {"plain": 900, "low": 200, "late": 200}
    expected = [f"start {name}-{n}" for name, count in names.items() for n in range(count)]
    expected += [f"mail-{n}" for n in range(200)] + [f"doze-{n}" for n in range(150)]
    assert words == Counter(expected)


def check_attempts():
    found = Counter(Attempt.objects.values_list("outcome", flat=True))
    assert found == {
        "failed": 200 + 50 + 30, "snoozed": 150, "timed out": 15, "crashed": 20, "cancelled": 15,
    }  # fmt: skip
    causes = Counter(Job.objects.filter(state="failed").values_list("cause", flat=True))
    assert causes == {"attempts": 100, "refused": 80, "timeout": 15, "crashed": 5}


def check_counts(admin_client):
    """The stats, the admin, and plain SQL say the same."""
    table = Counter(Job.objects.values_list("queue", "state"))
    stats = {
        (one.conf.name, state.value): number
        for one in queue_counts()
        for state, number in one.counts.items()
    }
    assert {key: number for key, number in stats.items() if number} == dict(table)
    cards = admin_client.get("/admin/").context["queue_cards"]
    shown = {(card["name"], row["state"]): row["count"] for card in cards for row in card["rows"]}
    assert shown == stats

    def metric(name):
        return sum(Metric.objects.values_list(name, flat=True))

    until(lambda: metric("completed") == 1650, what="the metrics")
    until(lambda: metric("snoozed") == 150, what="the metrics")
    assert metric("retried") == 100


def test_a_kind_that_nobody_knows_waits_and_is_not_failed(start_worker, wait_for):
    start_worker().ready()
    stranger = enqueue(Act(what="return"), delay=3600)
    Job.objects.filter(pk=stranger.pk).update(kind=Unregistered.kind)
    control.promote(stranger.pk)
    wait_for(enqueue(Act(what="return"), delay=2), "completed")
    job = Job.objects.get(pk=stranger.pk)
    assert (job.state, job.attempt) == ("waiting", 0)
