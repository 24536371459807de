"""The commands of docs/cli.md, run from top to bottom."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from queues import schedules
from queues.cli.subcommands import SUBCOMMANDS
from queues.models import Job
from tests.jobs import QUEUE, Act
from tests.processes import ROOT

PAGE = ROOT / "docs" / "cli.md"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples():
    """Return each command without what it is piped into, and whether it asks something."""
    found = []
    for block in BLOCK.findall(PAGE.read_text()):
        for part in block.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            words = shlex.split(command.partition(" | ")[0])
            assert words[:3] == ["python", "manage.py", "queues"]
            found.append((words[3:], "[y/N]" in output))
    return found


@pytest.mark.django_db(transaction=True)
def test_every_command_on_the_page_runs():
    common = {"queue": "notifications", "kind": "tests.act", "payload": {"what": "return"}}
    Job.objects.create(pk=17, state="failed", finished_at=Now(), **common)
    Job.objects.create(pk=18, state="delayed", run_at=Now() + timedelta(hours=1), **common)
    schedules.upsert("nightly", Act(what="return"), every=3600)
    commands = examples()
    assert len(commands) > 20
    for words, asks in commands:
        if asks:
            with pytest.raises(CommandError, match="say --yes"):
                call_command("queues", *words)
        else:
            call_command("queues", *words, stdout=StringIO())
    left = Job.objects.exclude(queue=QUEUE).values_list("pk", "state")
    assert list(left) == [(17, "waiting")]


def test_every_subcommand_is_on_the_page():
    assert {words[0] for words, _ in examples()} == set(SUBCOMMANDS)
