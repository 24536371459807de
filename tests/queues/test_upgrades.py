"""Payloads of older and newer code than this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from queues import control, leases, registry
from queues.arguments import Arguments, ArgumentsError
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.execution import run
from queues.explain import explain
from queues.models import Attempt, Job
from queues.registry import RegistryError, handles
from queues.settlement import TOO_NEW_WAIT_MS
from queues.testing import assert_enqueued, run_job
from queues.unique import Unique
from queues.upgrades import NewerPayloadError, UpgradeError, read, upgrades
from tests.deploy_jobs import Rename, RenameApart, RenameAtomic
from tests.jobs import QUEUE
from tests.settling import complete

KINDS = (Rename, RenameApart, RenameAtomic)
PAYLOADS = {
    1: {"host": "a.example"},
    2: {"instance": "a.example"},
    3: {"instance": "a.example", "limit": 40},
}


@pytest.mark.parametrize("version", PAYLOADS)
def test_a_payload_is_brought_to_the_newest_version_step_by_step(version):
    found = read(Rename, dict(PAYLOADS[version]), version)
    assert found == Rename(instance="a.example", limit=40)


def test_a_payload_that_does_not_fit_its_version_is_refused():
    with pytest.raises(ArgumentsError, match="'host' is no field"):
        read(Rename, dict(PAYLOADS[1]), 2)
    with pytest.raises(KeyError, match="host"):
        read(Rename, {}, 1)


def test_a_newer_payload_is_not_read():
    with pytest.raises(
        NewerPayloadError, match=r"version 4 of tests\.rename, this process knows 3"
    ):
        read(Rename, {"instance": "a.example", "limit": 40}, 4)


def of_version(number):
    @dataclass(frozen=True, kw_only=True)
    class Made(Arguments):
        kind: ClassVar[str] = "tests.made"
        version: ClassVar[int] = number

    return Made


@pytest.fixture
def specs(monkeypatch):
    known = dict(registry._specs)
    monkeypatch.setattr(registry, "_specs", known)
    return known


@pytest.mark.parametrize(
    ("version", "steps", "lacking"), [(2, [], 1), (3, [1], 2), (3, [2], 1), (4, [1, 3], 2)]
)
def test_a_kind_that_lacks_a_step_is_not_registered(specs, version, steps, lacking):
    made = of_version(version)
    for number in steps:
        upgrades(made, from_version=number)(dict)
    with pytest.raises(RegistryError, match=rf"upgrades\(Made, from_version={lacking}\) above"):
        handles(made, queue=QUEUE)(print)
    assert made.kind not in specs


@pytest.mark.parametrize("version", [0, -1, True, "2", 1.0, 40_000])
def test_a_version_is_a_whole_number(specs, version):
    with pytest.raises(RegistryError, match=r"version is .*; allowed: 1 to 32767"):
        handles(of_version(version), queue=QUEUE)(print)


@pytest.mark.parametrize("from_version", [0, 3, 4, "1", True, None])
def test_a_step_leads_from_a_version_below_the_newest(from_version):
    with pytest.raises(UpgradeError, match=r"from_version is .*; allowed: 1 to 2, below"):
        upgrades(Rename, from_version=from_version)


def test_a_version_has_one_step():
    with pytest.raises(UpgradeError, match="Rename: version 1 has a step already"):
        upgrades(Rename, from_version=1)


def enqueue_as(kind, version, **options):
    """A job as another release's `enqueue` would have written it."""
    job = enqueue(kind(instance="a.example", limit=40), **options)
    payload = PAYLOADS.get(version, PAYLOADS[3])
    Job.objects.filter(pk=job.pk).update(payload=payload, payload_version=version)
    return Job.objects.get(pk=job.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", [1, 3])
def test_a_job_that_waited_through_deploys_runs(kind, version):
    job = enqueue_as(kind, version)
    assert job.payload_version == version
    assert run(job.pk) == "completed"
    assert Job.objects.get().result == "40 of a.example"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_job_is_left_alone_and_says_why(kind):
    job = enqueue_as(kind, 4, attempts=1)
    assert run(job.pk) == "snoozed"
    left = Job.objects.get()
    assert (left.state, left.attempt, left.error_class, left.result) == ("delayed", 0, "", None)
    assert not Attempt.objects.exists()
    waits = left.run_at - left.started_at
    assert TOO_NEW_WAIT_MS <= waits.total_seconds() * 1000 < TOO_NEW_WAIT_MS * 2
    assert explain(left).endswith(
        "UTC: the worker that took it does not know version 4 of its payload; deploy one that does."
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [Rename, RenameAtomic])
def test_a_newer_job_runs_after_the_deploy(kind, monkeypatch):
    job = enqueue_as(kind, 4, attempts=1)
    run(job.pk)
    monkeypatch.setattr(kind, "version", 4)
    control.promote(job.pk)
    assert run(job.pk) == "completed"
    done = Job.objects.get()
    assert (done.attempt, done.result) == (1, "40 of a.example")


@pytest.mark.django_db
def test_what_waits_for_a_deploy_is_no_failed_try_of_it():
    job = run_job(enqueue_as(Rename, 4, attempts=2))
    Job.objects.filter(pk=job.pk).update(payload={"odd": 1}, payload_version=3)
    assert run_job(job).state == "failed"
    assert list(Attempt.objects.values_list("number", "outcome")) == [(1, "failed")]


@pytest.mark.django_db
def test_a_step_that_raises_fails_the_attempt_and_says_where():
    job = enqueue_as(Rename, 1, attempts=2, backoff=60_000)
    Job.objects.update(payload={})
    assert run_job(job).error_class == "KeyError"
    assert explain(Job.objects.get()).endswith("after attempt 1 of 2 failed.")


@pytest.mark.django_db
def test_a_changed_payload_is_of_the_newest_version():
    job = enqueue_as(Rename, 1)
    with pytest.raises(control.ControlError, match="'host' is no field"):
        control.change_payload(job.pk, PAYLOADS[1])
    changed = control.change_payload(job.pk, {"instance": "b.example", "limit": 7})
    assert changed.payload_version == 3
    assert run_job(changed).result == "7 of b.example"


@pytest.mark.django_db
def test_older_jobs_are_found_by_what_their_arguments_are_today():
    job = enqueue_as(Rename, 1)
    assert assert_enqueued(Rename, instance="a.example", limit=40) == job
    assert assert_enqueued(Rename, instance="a.example", limit=40).payload == PAYLOADS[1]


@pytest.mark.django_db
def test_a_successor_keeps_the_version_it_was_written_as(monkeypatch):
    key = Unique(key="k", mode="keep-last")
    first = enqueue(Rename(instance="a.example", limit=1), unique=key)
    (claim,) = claim_ids(leases.register("one", {QUEUE: 1}, version=""), [first.pk], [QUEUE])
    enqueue(Rename(instance="b.example", limit=2), unique=key)
    monkeypatch.setattr(Rename, "version", 4)
    complete(claim)
    follower = Job.objects.exclude(pk=first.pk).get()
    assert (follower.payload["limit"], follower.payload_version) == (2, 3)
