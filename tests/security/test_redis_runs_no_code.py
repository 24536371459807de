"""Whoever can write to Redis runs no code in the web server, in a worker or in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from queues.enqueue import enqueue
from queues.models import Job
from queues.states import State
from queues.transport.client import producer
from tests.api.routes import routes
from tests.jobs import QUEUE, Act, Note, lines
from tests.processes import ROOT, environment
from tests.security.planting import FORGED, Marker, plant, plant_jobs, shout
from tests.wait import until
from tests.web import WebProcess

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
ACT = Act(what="return")
# The command that docs/operations.md shows.
STOCK = "import django; django.setup(); import sys; from rq.cli import main; sys.exit(main())"
SAFE = ["--job-class", "queues.transport.job.HubJob", "--serializer", "json"]
# What RQ's tools would show of jobs, if django-rq's pages were there.
RQ_PAGES = [
    "/django-rq/",
    *(f"/admin/django_rq/dashboard/{rest}" for rest in ("", "stats.json", "queues/0/", "workers/0/",
      f"queues/0/{FORGED[0]}/", "queues/0/failed/")),
]  # fmt: skip


@pytest.fixture
def marker(tmp_path):
    return Marker(tmp_path / "ran")


def addresses(job):
    """Every page and answer that is for reading, of the API and of the admin."""
    for name, route in routes().items():
        if "GET" in route.methods and not route.places:
            yield "/nothing" if name == "nowhere" else reverse(name)
    yield reverse("job", args=[job.pk])
    yield reverse("admin:index")
    for model in admin.site._registry:
        yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield reverse("admin:queues_job_change", args=[job.pk])


def run(*command, **extra):
    """Run one of Python's commands as an operator would, in the project's directory."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(DJANGO_SETTINGS_MODULE="tests.settings", **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_marker_is_made_by_whoever_unpickles(marker):
    import pickle  # noqa: PLC0415

    pickle.loads(marker.pickle)  # noqa: S301  (the attack itself)
    assert marker.exists


def test_no_page_of_the_deployed_web_runs_what_was_planted(tmp_path, marker, admin_client):
    job = enqueue(ACT)
    plant(producer(), marker, [job.pk])
    cookie = f"sessionid={admin_client.cookies['sessionid'].value}"
    web = WebProcess(tmp_path, SECRET_KEY=settings.SECRET_KEY)
    try:
        asked = [*addresses(job), *RQ_PAGES]
        answers = {path: web.ask("GET", path, Cookie=cookie)[0] for path in asked}
        assert not marker.exists
        assert {path: status for path, status in answers.items() if status >= 500} == {}
        assert {answers[path] for path in RQ_PAGES} == {404}
        assert answers[reverse("admin:queues_job_change", args=[job.pk])] == 200
        assert web.ask("GET", "/health")[2]["cache"] == "connected"
    finally:
        web.end()


def test_no_worker_runs_what_was_planted_and_good_jobs_run(start_worker, marker, wait_for):
    jobs = [enqueue(ACT, priority=n % 3) for n in range(6)]
    plant(producer(), marker, [job.pk for job in jobs])
    worker = start_worker().ready()
    for job in jobs:
        wait_for(job, State.COMPLETED)
    until(lambda: producer().scard("rq:workers") > 2, what="the worker to be listed")
    shout(producer(), marker)
    wait_for(enqueue(ACT), State.COMPLETED)
    assert worker.process.poll() is None
    assert not marker.exists


# Our job class reads JSON by itself, so to forget the serializer does no harm.
@pytest.mark.parametrize("options", [SAFE, SAFE[:2]])
def test_the_documented_stock_worker_runs_good_jobs_and_nothing_else(
    tmp_path, marker, wait_for, options
):
    job = enqueue(Note(path=str(tmp_path / "ledger"), text="a"))
    assert " ".join(SAFE) in (ROOT / "docs" / "operations.md").read_text()
    plant_jobs(producer(), marker)
    url = environment()["REDIS_URL"]
    done = run("-c", STOCK, "worker", "--burst", "--url", url, *options, QUEUE)
    assert wait_for(job, State.COMPLETED).result == "a", done.stderr
    assert lines(tmp_path / "ledger") == ["start a", "end a"]
    assert not marker.exists


def test_a_bare_rq_worker_runs_none_of_our_jobs(start_worker, wait_for):
    """It may run what an attacker plants, which is why operators must not start it."""
    job = enqueue(ACT)
    run("-m", "rq.cli", "worker", "--burst", "--url", environment()["REDIS_URL"], QUEUE)
    assert Job.objects.get(pk=job.pk).state == State.WAITING
    assert not producer().llen(f"rq:queue:{QUEUE}")
    start_worker().ready()
    wait_for(job, State.COMPLETED)


@pytest.mark.parametrize("command", [["worker", "--burst", QUEUE], ["info"]])
def test_rqs_own_tools_without_our_classes_run_what_was_planted(command, marker):
    """This is what the documentation warns of, and proves that the tests above can fail."""
    plant_jobs(producer(), marker)
    run("-m", "rq.cli", *command, RQ_REDIS_URL=environment()["REDIS_URL"])
    assert marker.exists


@pytest.mark.parametrize("command", [["worker", "--burst", QUEUE], ["info"]])
def test_rqs_own_tools_refuse_to_start_in_our_image(command, marker):
    plant_jobs(producer(), marker)
    classes = dict(re.findall(r"(RQ_[A-Z]+_CLASS)=(\S+)", (ROOT / "Dockerfile").read_text()))
    done = run("-m", "rq.cli", *command, RQ_REDIS_URL=environment()["REDIS_URL"], **classes)
    assert (len(classes), done.returncode) == (3, 1)
    assert not marker.exists
    assert producer().llen(f"rq:queue:{QUEUE}") == len(FORGED)


def test_rqs_list_of_queues_runs_nothing_with_our_queue_class(marker):
    enqueue(ACT)
    plant_jobs(producer(), marker)
    command = ["-c", STOCK, "info", "--queue-class", "queues.transport.queue.HubQueue"]
    done = run(*command, RQ_REDIS_URL=environment()["REDIS_URL"])
    assert QUEUE in done.stdout, done.stderr
    assert not marker.exists
