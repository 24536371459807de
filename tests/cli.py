"""Calling `manage.py queues` in this process."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from queues import leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Job
from queues.trouble import Trouble
from tests import settling
from tests.jobs import QUEUE, Act


def queues(*words):
    """Return what a command writes."""
    out = StringIO()
    call_command("queues", *map(str, words), stdout=out)
    return out.getvalue()


def as_json(*words):
    """Return the document that a command writes."""
    return json.loads(queues(*words, "--json"))


def refused(*words):
    """Return what a command says that is not done, and its code."""
    with pytest.raises(CommandError) as caught:
        queues(*words)
    return str(caught.value), caught.value.returncode


def failed_job(message="m", traceback="", **options):
    """Return a job that gave up."""
    job = enqueue(Act(what="return"), **options)
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    trouble = Trouble(error_class="E", message=message, traceback=traceback)
    settling.give_up(claim_ids(worker_id, [job.pk], [QUEUE])[0], trouble)
    return Job.objects.get(pk=job.pk)
