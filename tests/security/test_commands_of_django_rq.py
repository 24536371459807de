"""django-rq's commands run no code out of Redis: those that would are refused, in words."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from queues.enqueue import enqueue
from queues.transport.client import producer
from tests.jobs import Act
from tests.security.planting import Marker, plant_jobs

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = {
    "rqworker-pool": "manage.py rqworker",
    "rqstats": "manage.py queues status",
    "rqcron": "docs/schedules.md",
    "rqscheduler": "manage.py rqworker",
    "rqenqueue": "queues.enqueue.enqueue",
    "rqsuspend": "manage.py queues pause",
    "rqresume": "manage.py queues resume",
}
CLASSES = {"--worker-class": "rq.Worker", "--job-class": "rq.job.Job", "--queue-class": "rq.Queue"}


def test_every_command_of_django_rq_is_ours():
    theirs = {name: app for name, app in get_commands().items() if name.startswith("rq")}
    assert theirs == dict.fromkeys([*REFUSED, "rqworker"], "queues")


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_use_here_is_refused_and_says_what_has(name):
    with pytest.raises(CommandError, match=REFUSED[name]):
        call_command(name)


def test_it_is_refused_whatever_the_arguments_are(capsys):
    command = load_command_class("queues", "rqworker-pool")
    with pytest.raises(SystemExit, match="1"):
        command.run_from_argv(["manage.py", "rqworker-pool", "--num-workers", "4", "letters"])
    assert "Use instead: manage.py rqworker" in capsys.readouterr().err


@pytest.mark.parametrize("flag", [*CLASSES, "--serializer"])
def test_a_worker_with_other_classes_is_refused_before_it_reads_redis(tmp_path, flag):
    marker = Marker(tmp_path / "ran")
    enqueue(Act(what="return"))
    plant_jobs(producer(), marker)
    value = CLASSES.get(flag, "rq.serializers.DefaultSerializer")
    with pytest.raises(CommandError, match=f"{flag}: .*allowed"):
        call_command("rqworker", "--burst", flag, value, stdout=io.StringIO())
    assert not marker.exists
