"""`manage.py queue_maintenance`: the duties of a worker, without running jobs."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from queues.worker.duties import DUTIES, RESCUE, Duties, DutiesDiedError
from queues.worker.switch import Switch

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Do the duties of `queues.worker.duties` until SIGTERM or Ctrl-C, or each of them once.

    Promote, let schedules tick, rescue, time out, prune, move parents that were forgotten, stop
    operations that nobody carries out, and write metrics and events. Every worker does this too;
    any number may, at once.
    """

    help = "Does the maintenance that every worker does too: useful where no worker runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do each duty once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was done with --once."""
        if options["once"]:
            for duty in (*DUTIES, RESCUE):
                name = duty.run_once.__module__.rpartition(".")[2]
                self.stdout.write(f"{name}: {duty.run_once()}")
            return
        switch = Switch()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: switch.press())
        with Duties(switch) as duties:
            switch.stop.wait()
        if duties.died:
            raise DutiesDiedError("Maintenance broke; see the log above.")
